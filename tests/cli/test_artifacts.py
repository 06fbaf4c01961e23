"""``cluster artifacts`` by its command line, on a store, real shells and real sshds."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli.commands.artifacts import artifacts
from provisioning.engine.apply import apply_plan
from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import silent
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.artifacts import bringing
from provisioning.operations.artifacts.bringing import bring_artifacts
from provisioning.operations.artifacts.fetching import companions, fetch, store_of
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.fleet import open_fleet
from provisioning.operations.planning import plan_hosts
from provisioning.operations.release import build_release
from provisioning.resources.artifact import Artifacts
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.release import Release
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from tests.operations.operating import operation
from tests.operations.spreading.hosts import on_loopback
from tests.ports import free_port
from tests.processes import wait_until
from tests.transport.sshd import make_key

_OPT = "/opt/cosyvoice-under-test"
_NODES = {"rs1": "127.0.11.1", "rs2": "127.0.11.2"}


class Site:
    """An inventory with a folder of weights, and its command line."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.path = folder / "inventory.yaml"
        self.weights = folder / "model"
        self.weights.mkdir()
        (self.weights / "llm.pt").write_bytes(b"one" * 1000)
        hosts = ", ".join(
            f"{name}: {{address: 192.168.1.10{number}, ssh: {{host: {address}}}}}"
            for number, (name, address) in enumerate(_NODES.items(), 1)
        )
        self.path.write_text(
            "vip: 192.168.1.100\n"
            "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
            f"real_servers: {{hosts: {{{hosts}}}}}\n"
            "artifacts: {model: {path: model}, mounted: {on_nodes: /tmp}}\n"
            f"app: {{source: ./src, directory: {_OPT}, python: /usr/bin/python3}}\n{more}"
        )
        (folder / "src/app").mkdir(parents=True)
        (folder / "src/app/__main__.py").write_text("import sys\n")
        self.cluster = Cluster(load_inventory(self.path), self.path)

    def run(self, *words: str) -> Result:
        command, *rest = words
        return CliRunner().invoke(artifacts, [command, "-i", str(self.path), *rest])

    def record(self, *words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.run(*words, "--json").stdout)
        return found


def test_fetched_listed_verified_and_pruned(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert "not fetched" in site.run("list").output
    assert site.run("verify", "--no-nodes").exit_code == 1
    said = site.run("fetch", "model")
    assert ", 1 file, 3.0 kB" in said.output and said.exit_code == 0
    (site.weights / "more").write_bytes(b"2")
    assert ", 2 files, 3.0 kB" in site.run("fetch").output
    rows = site.record("list")["artifacts"]
    assert isinstance(rows, dict)
    assert [row["state"] for row in rows.values()] == ["whole", "on nodes"]
    assert site.run("verify", "--no-nodes").stdout == "here: model: right\n"
    assert site.record("prune") == {"deleted": 0, "size": 0}
    (site.weights / "llm.pt").write_bytes(b"two")
    site.run("fetch")
    assert site.run("prune").stdout == "1 file deleted, 3.0 kB\n"
    assert "usage" in site.run("fetch", "modle").output.lower()


def test_what_is_damaged_here_is_said_and_fetched_anew(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run("fetch")
    (blob,) = store_of(site.cluster).folder.glob("blobs/*")
    blob.write_bytes(b"?" * 3000)
    said = site.run("verify", "--no-nodes")
    assert (said.exit_code, "llm.pt was damaged, and is dropped" in said.output) == (1, True)
    assert site.run("verify", "--no-nodes").stdout == "here: model: llm.pt is missing\n"
    site.run("fetch")
    assert site.run("verify", "--no-nodes").exit_code == 0


_SETUP = """
set -eu
mkdir -p {own}/opt {own}/state {directory} /run/sshd
mount --bind {own}/opt {directory}
mkdir -p /var/lib/cosyvoice-cluster
mount --bind {own}/state /var/lib/cosyvoice-cluster
exec /usr/sbin/sshd -D -e -f {own}/sshd_config
"""


@contextmanager
def _sshd(folder: Path, name: str, port: int) -> Iterator[Path]:
    """A machine with an address of its own; its app's folder."""
    own = folder / name
    (own / "opt").mkdir(parents=True)
    (own / "sshd_config").write_text(
        f"Port {port}\nListenAddress {_NODES[name]}\nHostKey {folder}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/key.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
    )
    setup = _SETUP.format(own=own, directory=_OPT)
    with (own / "log").open("wb") as log:
        mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", setup]
        daemon = subprocess.Popen(mounts, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: b"Server listening" in (own / "log").read_bytes())
        yield own / "opt"
    finally:
        daemon.terminate()
        daemon.wait()


@pytest.fixture
def nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Site, dict[str, Path]]]:
    """Two machines behind real sshds."""
    monkeypatch.setattr(bringing, "real_servers", on_loopback)
    port = free_port()
    make_key(tmp_path / "key")
    make_key(tmp_path / "host_key")
    host_key = " ".join((tmp_path / "host_key.pub").read_text().split()[:2])
    known = [f"[{address}]:{port} {host_key}\n" for address in _NODES.values()]
    (tmp_path / "known_hosts").write_text("".join(known))
    site = Site(
        tmp_path,
        f"ssh: {{user: root, port: {port}, key_file: key, known_hosts_file: known_hosts}}\n"
        f"spreading: {{port: {free_port()}}}\n",
    )
    try:
        with ExitStack() as stack:
            folders = {n: stack.enter_context(_sshd(tmp_path, n, port)) for n in _NODES}
            yield site, folders
    finally:
        Path(_OPT).rmdir()


def _deploy(site: Site, fleet: Fleet, release: ReleaseArchive) -> None:
    """Bring, stage and switch, as an upgrade does."""
    desired = desired_hosts(site.cluster.inventory, release, Runtime())
    plans = plan_hosts(site.cluster.inventory, {n: _kept(desired[n]) for n in _NODES}, fleet)
    bring_artifacts(operation(site.cluster, fleet), release, plans)
    for name, plan in plans.hosts.items():
        host = fleet.transports[name]
        done = apply_plan(plan, host, run_id=release.id, holder="me", progress=silent)
        assert done.ok, done


def _kept(host: DesiredHost) -> DesiredHost:
    kinds = Artifacts | Release | CurrentRelease
    kept = tuple(
        replace(one, triggers=()) if isinstance(one, CurrentRelease) else one
        for one in host.resources
        if isinstance(one, kinds)
    )
    return DesiredHost(host.name, resources=kept, partial=True)


def _built(site: Site) -> ReleaseArchive:
    fetch(site.cluster)
    cluster = site.cluster
    return build_release(cluster.inventory.app, cluster.base_dir, companions(cluster))


@pytest.mark.skipif(os.geteuid() != 0, reason="makes machines of mount namespaces")
def test_two_versions_there_and_back_over_ssh(nodes: tuple[Site, dict[str, Path]]) -> None:
    site, folders = nodes
    first = _built(site)

    def seen() -> set[bytes]:
        return {
            (folder / "current/artifacts/model/llm.pt").read_bytes() for folder in folders.values()
        }

    with open_fleet(site.cluster) as fleet:
        fleet.connect(_NODES)
        assert fleet.errors == {}
        _deploy(site, fleet, first)
        assert seen() == {b"one" * 1000}
        (site.weights / "llm.pt").write_bytes(b"two")
        second = _built(site)
        _deploy(site, fleet, second)
        assert seen() == {b"two"}
        assert site.run("verify").stdout == "".join(
            f"{place}: model: right\n" for place in ("here", *_NODES)
        )
        # Back: the release leads to its own version, and nothing travels.
        sent = {name: len(list((f / "artifacts/.blobs").iterdir())) for name, f in folders.items()}
        _deploy(site, fleet, first)
        assert seen() == {b"one" * 1000}
        assert sent == dict.fromkeys(_NODES, 2)
    blob = next(
        path for path in folders["rs2"].glob("artifacts/.blobs/*") if path.stat().st_size > 3
    )
    blob.write_bytes(b"?")
    said = site.run("verify", "--limit", "rs2")
    assert said.exit_code == 0, said.output
    blob = next(path for path in folders["rs2"].glob("artifacts/.blobs/*") if path != blob)
    blob.write_bytes(b"?")
    said = site.run("verify", "--limit", "rs2")
    assert (said.exit_code, "rs2: model: llm.pt is not what it was" in said.output) == (1, True)
