"""Artifacts reach nodes whole: two hosts with real shells, the real plan and its real changes."""

import os
import subprocess
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from provisioning.engine.apply import apply_plan
from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import silent
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.artifacts import bringing
from provisioning.operations.artifacts.bringing import bring_artifacts
from provisioning.operations.artifacts.checking import check
from provisioning.operations.artifacts.fetching import companions, fetch, known
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.release import build_release
from provisioning.resources.artifact import Artifacts
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.release import Release
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.transport.base import Conversation
from tests.cli.sandbox_hosts import OPT, SandboxHost
from tests.operations.operating import operation
from tests.operations.spreading.hosts import Counted, on_loopback
from tests.ports import free_port
from tests.processes import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")

_INVENTORY = f"""\
vip: 192.168.1.100
service_manager: supervisor
directors: {{hosts: {{lvs1: 192.168.1.11, lvs2: 192.168.1.12}}}}
real_servers: {{hosts: {{rs1: 192.168.1.101, rs2: 192.168.1.102}}}}
spreading: {{port: PORT}}
artifacts:
  model: {{path: model}}
app:
  source: ./src
  directory: {OPT}
  python: /usr/bin/python3
  environment: {{MODEL: "${{artifacts.model}}/big"}}
"""

BIG = bytes(range(250)) * 20_000


class CountingHost(SandboxHost):
    """Counts scripts and what was sent of artifacts, and may be lost at some byte of these."""

    scripts = sent = 0
    lost_at = 0

    def start(self, script: str | bytes) -> subprocess.Popen[bytes]:
        self.scripts += 1
        return super().start(script)

    def converse(self, script: str) -> Conversation:  # type: ignore[override]
        self.scripts += 1
        return Counted(super().converse(script), self._watch)

    def _watch(self, _: int) -> None:
        self.sent += 1
        if self.sent == self.lost_at:
            raise KeyboardInterrupt


@dataclass
class Site:
    """A cluster and its hosts."""

    cluster: Cluster
    hosts: dict[str, CountingHost]
    fleet: Fleet

    def release(self) -> ReleaseArchive:
        fetch(self.cluster)
        cluster = self.cluster
        return build_release(cluster.inventory.app, cluster.base_dir, companions(cluster))

    def plans(self, release: ReleaseArchive) -> Plans:
        found = desired_hosts(self.cluster.inventory, release, Runtime())
        wanted = {name: _of_release(found[name]) for name in self.hosts}
        return plan_hosts(self.cluster.inventory, wanted, self.fleet)

    def deploy(self) -> Plans:
        release = self.release()
        plans = self.plans(release)
        bring_artifacts(operation(self.cluster, self.fleet), release, plans)
        for name, plan in plans.hosts.items():
            done = apply_plan(
                plan, self.hosts[name], run_id=release.id, holder="me", progress=silent
            )
            assert done.ok, done
        return plans

    def model(self, host: str) -> Path:
        """The model's folder, as what runs there sees it."""
        return (self.hosts[host].opt / "current" / "artifacts" / "model").resolve()

    def versions(self, host: str) -> list[str]:
        folder = self.hosts[host].opt / "artifacts"
        return sorted(path.name for path in folder.glob("model-*"))


def _of_release(host: DesiredHost) -> DesiredHost:
    kinds = Artifacts | Release | CurrentRelease
    kept = tuple(replace(r, triggers=()) if isinstance(r, CurrentRelease) else r
                 for r in host.resources if isinstance(r, kinds))  # fmt: skip
    # Partial: in a sandbox the ids of what is managed have other paths than the inventory.
    return DesiredHost(host.name, resources=kept, partial=True)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(bringing, "real_servers", on_loopback)
    path = tmp_path / "inventory.yaml"
    path.write_text(_INVENTORY.replace("PORT", str(free_port())))
    for folder in ("src/app", "model/sub"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/app/__main__.py").write_text("import sys\n")
    (tmp_path / "model" / "big").write_bytes(BIG)
    (tmp_path / "model" / "sub" / "empty").write_bytes(b"")
    cluster = Cluster(load_inventory(path), path)
    hosts = {name: CountingHost(tmp_path / name, 1) for name in ("rs1", "rs2")}
    return Site(cluster, hosts, Fleet(hosts.__getitem__, forks=2))


def test_brought_to_all_and_led_to_by_the_release(site: Site) -> None:
    site.deploy()
    for name in site.hosts:
        assert (site.model(name) / "big").read_bytes() == BIG
        assert (site.model(name) / "sub" / "empty").read_bytes() == b""
    # Five pieces to one of them; the empty file is made.
    assert sorted(host.sent for host in site.hosts.values()) == [0, 5]


def test_a_second_deploy_brings_nothing_in_one_round_trip(site: Site) -> None:
    site.deploy()
    before = [host.scripts for host in site.hosts.values()]
    plans = site.deploy()
    assert not any(plan.changes for plan in plans.hosts.values())
    assert [host.scripts - was for host, was in zip(site.hosts.values(), before, strict=True)] == [
        1,
        1,
    ]


def test_a_second_deploy_reads_no_content_again(site: Site) -> None:
    site.deploy()
    # Nobody but `cluster artifacts verify` could know.
    state = site.cluster.state_dir / "artifacts"
    for folder in (
        state / "blobs",
        *(host.opt / "artifacts/.blobs" for host in site.hosts.values()),
    ):
        for blob in folder.iterdir():
            blob.write_bytes(b"?" * blob.stat().st_size)
    assert not any(plan.changes for plan in site.deploy().hosts.values())


def test_cut_it_goes_on_where_it_was(site: Site) -> None:
    threads = set(threading.enumerate())
    for host in site.hosts.values():
        host.lost_at = 4
    with pytest.raises(KeyboardInterrupt):
        site.deploy()
    site.fleet.close()
    wait_until(lambda: set(threading.enumerate()) <= threads)
    assert site.versions("rs1") == site.versions("rs2") == []
    for host in site.hosts.values():
        host.lost_at = 0
    before = sum(host.sent for host in site.hosts.values())
    site.deploy()
    assert (site.model("rs1") / "big").read_bytes() == BIG
    assert sum(host.sent for host in site.hosts.values()) - before < 5


def test_a_new_version_beside_the_old_one_until_no_release_leads_to_it(site: Site) -> None:
    site.deploy()
    old = site.model("rs1")
    (site.cluster.base_dir / "model" / "small").write_bytes(b"new")
    before = sum(host.sent for host in site.hosts.values())
    site.deploy()
    assert sum(host.sent for host in site.hosts.values()) - before == 1
    assert site.model("rs1") != old
    assert (old / "big").samefile(site.model("rs1") / "big")
    assert not (old / "small").exists()
    previous = site.hosts["rs1"].opt / "previous" / "artifacts" / "model"
    assert previous.resolve() == old


def test_what_a_node_has_is_checked(site: Site) -> None:
    site.deploy()
    files = known(site.cluster)
    assert check(site.cluster, site.fleet, list(site.hosts), files).ok
    (site.model("rs2") / "big").write_bytes(b"damaged")
    found = check(site.cluster, site.fleet, list(site.hosts), files)
    assert found.hosts == {"rs1": {"model": []}, "rs2": {"model": ["big is not what it was"]}}
    assert not found.ok


def test_the_environment_leads_there(site: Site) -> None:
    wanted = desired_hosts(site.cluster.inventory, site.release(), Runtime())["rs1"]
    (env,) = [r for r in wanted.resources if r.id == "file:/etc/cosyvoice/app.env"]
    assert f"MODEL={OPT}/current/artifacts/model/big" in getattr(env, "content", "").replace(
        '"', ""
    )
