"""Packages for hosts that reach no index: fetched by real pip, brought to real shells."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Event, Progress, silent
from provisioning.facts.host_python import HostPython
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.operation import Operation
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.release import ReleaseError, build_release
from provisioning.operations.release.supply import supply
from provisioning.operations.release.wheel_pieces import loads, pieces
from provisioning.operations.release.wheelhouse import Wheel, fetch_wheels
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.ports import ActionError
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.resources.release import Release
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from tests.cli.sandbox_hosts import OPT, SandboxHost
from tests.operations.operating import operation
from tests.processes import wait_until
from tests.wheels import index, wheel

LOGIN = "reader:s3cret-und-geheim"
# Environments are built in seconds, or in minutes where everybody is at it.
pytestmark = pytest.mark.timeout(900)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")
_OLD = HostPython((3, 9), "x86_64", (2, 28))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages of the index: one, and another that it needs."""
    folder = tmp_path / "packages"
    folder.mkdir()
    wheel(folder, "tiny", requires=("tinier",))
    wheel(folder, "tinier", "2.5")
    return folder


def _here() -> HostPython:
    return HostPython(sys.version_info[:2], os.uname().machine, (99, 0))


def test_a_program_of_the_interpreters_name_that_is_none_is_passed_over(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "bin/python3.9"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho python3.9: command not found >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    host = HostPython((3, 9), os.uname().machine, (99, 0))
    with index(packages, LOGIN, lambda: None) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        needs = {"requirements.txt": b"tiny\n"}
        wheels = fetch_wheels(needs, host, tmp_path / "wheels", url, lambda _line: None)
    assert [wheel.name for wheel in wheels] == ["tinier", "tiny"]


@pytest.mark.parametrize("host", [_here(), _OLD], ids=["same Python", "another Python"])
def test_pip_fetches_once_and_nobody_sees_the_login(
    host: HostPython, packages: Path, tmp_path: Path
) -> None:
    needs = {"requirements.txt": b"-r more/needs.txt\n", "more/needs.txt": b"tiny\n"}
    asked: list[None] = []
    told: list[str] = []
    folder = tmp_path / "wheels"
    with index(packages, LOGIN, lambda: asked.append(None)) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        wheels = fetch_wheels(needs, host, folder, url, told.append)
        count = len(asked)
        assert count > 0
        assert fetch_wheels(needs, host, folder, url, told.append) == wheels
        assert len(asked) == count
        with pytest.raises(ReleaseError) as refused:
            fetch_wheels(
                {"requirements.txt": b"nowhere\n"}, host, tmp_path / "other", url, told.append
            )
    assert [each.line.split(" ")[0] for each in wheels] == ["tinier==2.5", "tiny==1.0"]
    # The line that matters, and nothing of all else that pip says.
    assert str(refused.value).count("\n") == 0
    assert "requirement nowhere (from versions: none)" in str(refused.value)
    assert told and "s3cret" not in "".join([*told, str(refused.value)])


_INVENTORY = f"""\
vip: 192.168.1.100
service_manager: supervisor
directors: {{hosts: {{lvs1: 192.168.1.11, lvs2: 192.168.1.12}}}}
real_servers: {{hosts: {{rs1: 192.168.1.101, rs2: 192.168.1.102}}}}
storage: {{source: 'nas:/x', mount_point: /srv/outputs}}
app:
  source: ./src
  directory: {OPT}
  venv: {{wheelhouse: true, requirements: [tiny]}}
"""


class CountingHost(SandboxHost):
    """Counts the round trips in which wheels were sent to it and the pieces in them, and may be
    lost at one of them."""

    loads = 0
    pieces = 0
    lost_at = 0
    shared = "/srv/outputs"

    def start(self, script: str | bytes) -> subprocess.Popen[bytes]:
        text = script.decode() if isinstance(script, bytes) else script
        if "\nadd_to_wheel " in text:
            self.loads += 1
            if self.loads == self.lost_at:
                raise KeyboardInterrupt
            self.pieces += text.count("\nadd_to_wheel ")
        return super().start(text.replace("/srv/outputs", self.shared))


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
) -> Callable[[str], ClusterAndHosts]:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))

    def sandbox(shared: str) -> ClusterAndHosts:
        path = tmp_path / "inventory.yaml"
        path.write_text(_INVENTORY)
        source = tmp_path / "src" / "app"
        source.mkdir(parents=True)
        (source / "__main__.py").write_text("import tiny\n")
        cluster = Cluster(load_inventory(path), path)
        hosts = {name: CountingHost(tmp_path / name, 1) for name in ("rs1", "rs2")}
        for host in hosts.values():
            host.shared = shared
        fleet = Fleet(hosts.__getitem__, forks=2)
        return ClusterAndHosts(
            cluster, hosts, build_release(cluster.inventory.app, tmp_path), fleet
        )

    return sandbox


@needs_root
def test_brought_installed_and_taken_up_where_it_was_cut(
    make: Callable[[str], ClusterAndHosts], monkeypatch: pytest.MonkeyPatch
) -> None:
    # One of the two wheels, not both.
    monkeypatch.setattr("provisioning.operations.release.supply._LOAD", 1000)
    sandbox = make("/srv/outputs-that-are-not-mounted")
    plans = sandbox.plans()
    threads = set(threading.enumerate())
    sandbox.hosts["rs1"].lost_at = 2
    with pytest.raises(KeyboardInterrupt):
        supply(sandbox.operation(), sandbox.release, plans)
    sandbox.fleet.close()
    # The other host's thread goes on to the end of what it began.
    wait_until(lambda: set(threading.enumerate()) <= threads)
    sandbox.hosts["rs1"].lost_at = 0
    there = sandbox.hosts["rs1"].opt / "releases/.wheels"
    assert [path.name for path in there.glob("*")] == ["tinier-2.5-py3-none-any.whl"]
    # Half of one that was on its way.
    whole = (sandbox.cluster.base_dir / "packages/tiny-1.0-py3-none-any.whl").read_bytes()
    (there / ".tiny-1.0-py3-none-any.whl.part").write_bytes(whole[:100])
    (there / "old-1.0-py3-none-any.whl").write_bytes(b"of another release")
    events: list[Event] = []
    supply(sandbox.operation(events.append), sandbox.release, sandbox.plans())
    assert sandbox.hosts["rs1"].pieces == 2
    assert {path.name for path in there.glob("*.whl")} == {
        "tinier-2.5-py3-none-any.whl",
        "tiny-1.0-py3-none-any.whl",
    }
    assert any("bring tiny-1.0" in event.text for event in events if event.host == "rs1")
    host = sandbox.hosts["rs1"]
    host.make(sandbox.wanted()["rs1"])
    said = subprocess.run(
        [host.opt / "releases" / sandbox.release.id / "venv/bin/python", "-m", "tiny"],
        capture_output=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    # What has its release is brought nothing.
    before = sandbox.pieces()
    supply(sandbox.operation(), sandbox.release, sandbox.plans())
    assert sandbox.pieces() == before


@needs_root
def test_small_wheels_share_a_round_trip(make: Callable[[str], ClusterAndHosts]) -> None:
    sandbox = make("/srv/outputs-that-are-not-mounted")
    supply(sandbox.operation(), sandbox.release, sandbox.plans())
    for host in sandbox.hosts.values():
        assert (host.loads, host.pieces) == (1, 2)
        assert len(list((host.opt / "releases/.wheels").glob("*.whl"))) == 2


@needs_root
def test_an_upgrade_brings_them_to_the_node_whose_turn_it_is(
    make: Callable[[str], ClusterAndHosts], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = make("/srv/outputs-that-are-not-mounted")
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


def test_pieces_are_gathered_in_order_and_together_they_are_the_wheels(tmp_path: Path) -> None:
    sizes = {"a": 10, "b": 3, "c": 25, "d": 1}
    wheels = []
    for name, size in sizes.items():
        path = tmp_path / f"{name}.whl"
        path.write_bytes(os.urandom(size))
        wheels.append(Wheel(path, name, "1", ""))
    offsets = [0, 3, 5, 0]
    gathered = list(loads(pieces(zip(wheels, offsets, strict=True), 10), 10))
    assert [[(p.wheel.name, p.offset, p.is_last) for p in load] for load in gathered] == [
        [("a", 0, True)],
        [("b", 2, True)],
        [("c", 5, False)],
        [("c", 15, True)],
        [("d", 0, True)],
    ]
    for piece in (one for load in gathered for one in load):
        whole = piece.wheel.path.read_bytes()
        assert whole[piece.offset : piece.offset + len(piece.data)] == piece.data
    assert [len(load) for load in loads(pieces(((w, 0) for w in wheels[:2]), 20), 20)] == [2]


@needs_root
@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a mount that all hosts see")
def test_over_a_shared_mount_they_travel_once(make: Callable[[str], ClusterAndHosts]) -> None:
    sandbox = make("/dev/shm")
    supply(sandbox.operation(), sandbox.release, sandbox.plans())
    assert sandbox.pieces() == [2, 0]
    for host in sandbox.hosts.values():
        assert len(list((host.opt / "releases/.wheels").glob("*.whl"))) == 2
    assert not Path("/dev/shm/.cluster-wheels").exists()


@needs_root
@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a mount that all hosts see")
def test_what_others_put_into_the_shared_mount_is_not_taken(
    make: Callable[[str], ClusterAndHosts], tmp_path: Path
) -> None:
    sandbox = make("/dev/shm")
    host = sandbox.hosts["rs1"]
    folder = Path("/dev/shm/.cluster-wheels")
    folder.mkdir()
    try:
        (folder / "tiny-1.0-py3-none-any.whl").write_bytes(b"evil")
        supply(sandbox.operation(), sandbox.release, sandbox.plans())
        brought = host.opt / "releases/.wheels/tiny-1.0-py3-none-any.whl"
        assert brought.read_bytes() == (tmp_path / "packages" / brought.name).read_bytes()
    finally:
        if folder.exists():
            (folder / "tiny-1.0-py3-none-any.whl").unlink(missing_ok=True)
