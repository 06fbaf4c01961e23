"""Packages for hosts that reach no index: fetched by real pip, brought to real shells."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Progress, silent
from provisioning.facts.host_python import HostPython, oldest
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.operation import Operation
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.release import ReleaseError, build_release
from provisioning.operations.release.supply import supply
from provisioning.operations.release.wheel_sets import LIST, WheelSets, complete
from provisioning.operations.release.wheelhouse import Wheel, fetch_wheels
from provisioning.operations.rolling.errors import ActionError
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.resources.release import Release
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.transport.base import Conversation
from tests.cli.sandbox_hosts import OPT, SandboxHost
from tests.operations.operating import operation
from tests.operations.spreading.hosts import Counted, on_loopback
from tests.ports import free_port
from tests.processes import wait_until
from tests.wheels import index, wheel

LOGIN = "reader:s3cret-und-geheim"
# Environments are built in seconds, or in minutes where everybody is at it.
pytestmark = pytest.mark.timeout(900)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")
_OLD = HostPython((3, 9, 0), "x86_64", (2, 28))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages of the index: one, and another that it needs."""
    folder = tmp_path / "packages"
    folder.mkdir()
    wheel(folder, "tiny", requires=("tinier",))
    wheel(folder, "tinier", "2.5")
    return folder


def _sets(tmp_path: Path, name: str = "wheels") -> WheelSets:
    return WheelSets(tmp_path / name, "0123456789ab")


def _here() -> HostPython:
    return HostPython(sys.version_info[:3], os.uname().machine, (99, 0))


def test_a_program_of_the_interpreters_name_that_is_none_is_passed_over(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "bin/python3.9"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho python3.9: command not found >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    host = HostPython((3, 9, 0), os.uname().machine, (99, 0))
    with index(packages, LOGIN, lambda: None) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        needs = {"requirements.txt": b"tiny\n"}
        wheels = fetch_wheels(needs, host, _sets(tmp_path), url, lambda _line: None)
    assert [wheel.name for wheel in wheels] == ["tinier", "tiny"]


@pytest.mark.parametrize("host", [_here(), _OLD], ids=["same Python", "another Python"])
def test_pip_fetches_once_and_nobody_sees_the_login(
    host: HostPython, packages: Path, tmp_path: Path
) -> None:
    needs = {"requirements.txt": b"-r more/needs.txt\n", "more/needs.txt": b"tiny\n"}
    asked: list[None] = []
    told: list[str] = []
    sets = _sets(tmp_path)
    with index(packages, LOGIN, lambda: asked.append(None)) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        wheels = fetch_wheels(needs, host, sets, url, told.append)
        count = len(asked)
        assert count > 0
        assert fetch_wheels(needs, host, sets, url, told.append) == wheels
        assert len(asked) == count
        nowhere = {"requirements.txt": b"nowhere\n"}
        with pytest.raises(ReleaseError) as refused:
            fetch_wheels(nowhere, host, _sets(tmp_path, "other"), url, told.append)
    assert [each.line.split(" ")[0] for each in wheels] == ["tinier==2.5", "tiny==1.0"]
    # The line that matters, and nothing of all else that pip says.
    assert str(refused.value).count("\n") == 0
    assert "requirement nowhere (from versions: none)" in str(refused.value)
    assert told and "s3cret" not in "".join([*told, str(refused.value)])


def test_a_hosts_own_python_decides_what_a_requirement_that_asks_for_it_brings_in(
    packages: Path, tmp_path: Path
) -> None:
    newer = HostPython((3, sys.version_info[1] + 40, 0), "riscv64", (2, 28))
    asks = f'python_version >= "3.{newer.version[1]}"'
    for name in ("late", "early", "later", "board"):
        wheel(packages, name)
    wheel(
        packages,
        "asking",
        requires=(f"late; {asks}", f"early; {asks.replace('>=', '<')}"),
    )
    needs = f'asking\nlater; {asks}\nboard; platform_machine == "riscv64"\n'
    with index(packages, LOGIN, lambda: None) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        found = fetch_wheels(
            {"requirements.txt": needs.encode()}, newer, _sets(tmp_path), url, lambda _line: None
        )
    assert [each.name for each in found] == ["asking", "board", "late", "later"]


@pytest.mark.parametrize("version", [sys.version_info[:2], (3, 9)], ids=["same", "another"])
def test_a_hosts_release_of_python_decides_which_versions_fit(
    version: tuple[int, int], packages: Path, tmp_path: Path
) -> None:
    """Debian 12 has 3.11.2, this machine 3.11.7, and a package needs 3.11.5."""
    wheel(packages, "tiny", "2.0", python=f">={version[0]}.{version[1]}.1")
    machine, sets = os.uname().machine, _sets(tmp_path)
    older = HostPython((*version, 0), machine, (99, 0))
    newer = HostPython((*version, 1), machine, (99, 0))

    def lines(host: HostPython) -> list[str]:
        with index(packages, LOGIN, lambda: None) as port:
            url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
            needs = {"requirements.txt": b"tiny\n"}
            found = fetch_wheels(needs, host, sets, url, lambda _line: None)
        return [each.line.split(" ")[0] for each in found]

    assert lines(newer) == ["tiny==2.0"]
    assert lines(older) == ["tinier==2.5", "tiny==1.0"]
    # Each keeps its own, and what fits the oldest fits all.
    assert lines(newer) == ["tiny==2.0"]
    shutil.rmtree(sets.folder(newer))
    assert lines(newer) == ["tinier==2.5", "tiny==1.0"]
    assert oldest([newer, older]) == oldest([older, newer]) == [older]


def test_many_that_need_the_same_fetch_it_once(packages: Path, tmp_path: Path) -> None:
    """A rolling upgrade stages on all nodes at once."""
    asked: list[None] = []
    needs = {"requirements.txt": b"tiny\n"}
    with index(packages, LOGIN, lambda: asked.append(None)) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"

        def fetched(number: int) -> list[Wheel]:
            sets = _sets(tmp_path, "alone" if number < 0 else "wheels")
            return fetch_wheels(needs, _here(), sets, url, lambda _line: None)

        fetched(-1)
        alone = len(asked)
        with ThreadPoolExecutor(4) as threads:
            every = list(threads.map(fetched, range(4)))
    assert len(asked) == 2 * alone
    assert all(one == every[0] for one in every)
    assert all(wheel.path.is_file() for wheel in every[0])


def test_a_set_that_was_cut_is_no_set(packages: Path, tmp_path: Path) -> None:
    sets, needs = _sets(tmp_path), {"requirements.txt": b"tiny\n"}

    def cut(line: str) -> None:
        if "tiny" in line:
            raise KeyboardInterrupt

    with index(packages, LOGIN, lambda: None) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        with pytest.raises(KeyboardInterrupt):
            fetch_wheels(needs, _here(), sets, url, cut)
        assert sets.fitting(_here()) is None
        found = fetch_wheels(needs, _here(), sets, url, lambda _line: None)
    assert [each.name for each in found] == ["tinier", "tiny"]
    assert [path.name for path in sets.root.iterdir() if path.is_dir()] == [
        sets.folder(_here()).name
    ]


def test_who_waits_for_another_that_fetches_is_told_so(packages: Path, tmp_path: Path) -> None:
    sets, needs = _sets(tmp_path), {"requirements.txt": b"tiny\n"}
    told: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    def hold(_line: str) -> None:
        started.set()
        assert go_on.wait(60)

    def tell(line: str) -> None:
        told.append(line)
        go_on.set()

    with index(packages, LOGIN, lambda: None) as port, ThreadPoolExecutor(1) as threads:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        first = threads.submit(fetch_wheels, needs, _here(), sets, url, hold)
        assert started.wait(60)
        found = fetch_wheels(needs, _here(), sets, url, tell)
        assert found == first.result()
    assert told == [f"wait for another that fetches wheels for {_here()}"]


def test_old_sets_go_unless_they_are_in_use(tmp_path: Path) -> None:
    """The environments of as many releases as nodes keep; a set that another command took today is
    read by it."""
    root = tmp_path / "wheels"
    days = {"oldest": 9, "older": 8, "old": 7, "newest": 0.5}
    for key, age in days.items():
        for host in (_here(), _OLD):
            folder = WheelSets(root, key).folder(host)
            folder.mkdir(parents=True)
            complete(folder, ["tiny==1.0"])
            when = time.time() - age * 86_400
            os.utime(folder / LIST, (when, when))
    # A set that is being unpacked, and what a cut removal left.
    (root / f"cut-{_here()}").mkdir()
    (root / ".long-ago.gone").mkdir()
    (root / ".long-ago.gone/tiny.whl").touch()

    def kept(own: str, keep: int) -> set[str]:
        WheelSets(root, own).forget_others(keep)
        return {path.name.partition("-")[0] for path in root.iterdir() if path.is_dir()}

    assert kept("oldest", 3) == {"oldest", "old", "newest", "cut"}
    assert WheelSets(root, "old").fitting(_OLD) is not None
    # Taken by the line above, so one too many stays.
    assert kept("oldest", 1) == {"oldest", "old", "newest", "cut"}


def test_a_bundle_has_none_for_an_older_python(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"the bundle has no wheels for py3\.9\.0-"):
        fetch_wheels({}, _OLD, _sets(tmp_path), None, lambda _line: None)


_INVENTORY = f"""\
vip: 192.168.1.100
service_manager: supervisor
directors: {{hosts: {{lvs1: 192.168.1.11, lvs2: 192.168.1.12}}}}
real_servers: {{hosts: {{rs1: 192.168.1.101, rs2: 192.168.1.102}}}}
spreading: {{port: PORT}}
app:
  source: ./src
  directory: {OPT}
  venv: {{wheelhouse: true, requirements: [tiny]}}
"""


class CountingHost(SandboxHost):
    """Counts pieces of wheels that were sent to it, and may be lost at one of them."""

    pieces = 0
    lost_at = 0

    def converse(self, script: str) -> Conversation:  # type: ignore[override]
        return Counted(super().converse(script), self._watch)

    def _watch(self, _: int) -> None:
        self.pieces += 1
        if self.pieces == self.lost_at:
            raise KeyboardInterrupt


@dataclass
class ClusterAndHosts:
    """Two hosts that can be brought packages."""

    cluster: Cluster
    hosts: dict[str, CountingHost]
    release: ReleaseArchive
    fleet: Fleet

    def wanted(self) -> dict[str, DesiredHost]:
        found = desired_hosts(self.cluster.inventory, self.release, Runtime())
        return {
            name: DesiredHost(
                name, resources=tuple(r for r in found[name].resources if isinstance(r, Release))
            )
            for name in self.hosts
        }

    def plans(self) -> Plans:
        return plan_hosts(self.cluster.inventory, self.wanted(), self.fleet)

    def operation(self, progress: Progress = silent) -> Operation:
        return operation(self.cluster, self.fleet, progress=progress)

    def pieces(self) -> list[int]:
        return [host.pieces for host in self.hosts.values()]


@pytest.fixture
def make(
    tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], ClusterAndHosts]:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr("provisioning.operations.release.supply.real_servers", on_loopback)
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))

    def sandbox() -> ClusterAndHosts:
        path = tmp_path / "inventory.yaml"
        path.write_text(_INVENTORY.replace("PORT", str(free_port())))
        source = tmp_path / "src" / "app"
        source.mkdir(parents=True)
        (source / "__main__.py").write_text("import tiny\n")
        cluster = Cluster(load_inventory(path), path)
        hosts = {name: CountingHost(tmp_path / name, 1) for name in ("rs1", "rs2")}
        fleet = Fleet(hosts.__getitem__, forks=2)
        return ClusterAndHosts(
            cluster, hosts, build_release(cluster.inventory.app, tmp_path), fleet
        )

    return sandbox


@needs_root
def test_brought_installed_and_taken_up_where_it_was_cut(
    make: Callable[[], ClusterAndHosts],
) -> None:
    sandbox = make()
    plans = sandbox.plans()
    threads = set(threading.enumerate())
    # One of the two wheels, not both.
    for host in sandbox.hosts.values():
        host.lost_at = 2
    with pytest.raises(KeyboardInterrupt):
        supply(sandbox.operation(), sandbox.release, plans)
    sandbox.fleet.close()
    wait_until(lambda: set(threading.enumerate()) <= threads)
    for host in sandbox.hosts.values():
        host.lost_at = 0
        there = host.opt / "releases/.wheels"
        assert not [*there.glob("*.txt")]
        (there / "old-1.0-py3-none-any.whl").write_bytes(b"of another release")
    before = sum(sandbox.pieces())
    supply(sandbox.operation(), sandbox.release, sandbox.plans())
    # Nothing goes to both from here.
    assert sum(sandbox.pieces()) - before <= 2
    for host in sandbox.hosts.values():
        assert {path.name for path in (host.opt / "releases/.wheels").glob("*.whl")} == {
            "tinier-2.5-py3-none-any.whl",
            "tiny-1.0-py3-none-any.whl",
        }
    host = sandbox.hosts["rs1"]
    host.make(sandbox.wanted()["rs1"])
    said = subprocess.run(
        [host.opt / "releases" / sandbox.release.id / "venv/bin/python", "-m", "tiny"],
        capture_output=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    # What has its release is brought nothing.
    counts = sandbox.pieces()
    supply(sandbox.operation(), sandbox.release, sandbox.plans())
    assert sandbox.pieces() == counts


@needs_root
def test_an_upgrade_brings_them_to_the_node_whose_turn_it_is(
    make: Callable[[], ClusterAndHosts], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = make()
    # Debian packages are this machine's own concern.
    monkeypatch.setattr(f"{SSHCluster.__module__}.staged", lambda host: sandbox.wanted()[host.name])
    upgrade = SSHCluster(
        op=sandbox.operation(),
        options=UpgradeOptions(),
        target=sandbox.release.id,
        release=sandbox.release,
        own=True,
    )
    upgrade.stage("rs2")
    assert sandbox.pieces() == [0, 2]
    assert (sandbox.hosts["rs2"].opt / "releases" / sandbox.release.id / "venv/bin/python").exists()
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    shutil.rmtree(sandbox.cluster.state_dir / "wheels")
    with pytest.raises(ActionError, match="tiny"):
        upgrade.stage("rs1")
