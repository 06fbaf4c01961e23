"""``cluster releases`` and ``cluster rollback``, on real shells."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli.releases import releases
from provisioning.cli.rollback import rollback
from provisioning.engine.journal import runs
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations import session
from provisioning.operations.release import build_release
from provisioning.operations.rollback import RollbackError
from provisioning.operations.session import Site
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.release import Release
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.roles.release_steps import staged, switched
from tests.cli.sandbox_hosts import OPT, Network, SandboxHost, ready_app

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")

_INVENTORY = f"""\
vip: 192.168.1.100
service_manager: supervisor
directors: {{hosts: {{lvs1: 192.168.1.11, lvs2: 192.168.1.12}}}}
real_servers: {{hosts: {{rs1: 192.168.1.101, rs2: 192.168.1.102, rs3: 192.168.1.103}}}}
app: {{source: ./源码, directory: {OPT}, python: /usr/bin/python3, keep_releases: 3}}
"""
_NODES = ("rs1", "rs2", "rs3")
_DIRECTORS = ("lvs1", "lvs2")
"""They are there, and nothing was deployed to them, so that nobody is sent to the nodes."""


@dataclass
class Cluster:
    """A site, and the hosts that its commands get to see."""

    site: Site
    network: Network

    def invoke(self, command: str, *arguments: str) -> Result:
        known = {"rollback": rollback, "releases": releases}
        return CliRunner().invoke(known[command], ["-i", str(self.site.path), *arguments])

    def listed(self) -> dict[str, dict[str, object]]:
        hosts: dict[str, dict[str, object]] = json.loads(self.invoke("releases", "--json").stdout)[
            "hosts"
        ]
        return hosts

    def current(self) -> list[object]:
        return [host["current"] for host in self.listed().values()]

    def build(self, text: str) -> ReleaseArchive:
        source = self.site.base_dir / "源码" / "app"
        source.mkdir(parents=True, exist_ok=True)
        (source / "__main__.py").write_text(f"print({text!r})\n")
        (source / "__init__.py").write_text(f'__version__ = "{text}"\n')
        return build_release(self.site.inventory.app, self.site.base_dir)

    def wanted(self, name: str, release: ReleaseArchive) -> DesiredHost:
        host = desired_hosts(self.site.inventory, release, Runtime())[name]
        kept = tuple(r for r in host.resources if isinstance(r, Release | CurrentRelease))
        return DesiredHost(name, resources=kept)

    def deploy(self, text: str, *names: str) -> str:
        release = self.build(text)
        for name in names or _NODES:
            host = self.wanted(name, release)
            self.network.hosts[name].make(staged(host))
            self.network.hosts[name].make(switched(host))
        return release.id


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    path = tmp_path / "集群.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    (tmp_path / "源码" / "app").mkdir(parents=True)
    (tmp_path / "源码" / "app" / "__main__.py").touch()
    all_hosts = (*_NODES, *_DIRECTORS)
    with ready_app() as port:
        network = Network({name: SandboxHost(tmp_path / name, port) for name in all_hosts})
        monkeypatch.setattr(session, "connect", network.connect)
        yield Cluster(Site(load_inventory(path), path), network)


def test_staging_leaves_what_runs_and_switching_changes_it(cluster: Cluster) -> None:
    one = cluster.deploy("1")
    two = cluster.build("2")
    host = cluster.network.hosts["rs1"]
    host.make(staged(cluster.wanted("rs1", two)))
    seen = cluster.listed()["rs1"]
    assert (seen["current"], seen["previous"]) == (one, "")
    assert [each["id"] for each in seen["releases"]] == [one, two.id]  # type: ignore[attr-defined]
    host.make(switched(cluster.wanted("rs1", two)))
    seen = cluster.listed()["rs1"]
    assert (seen["current"], seen["previous"]) == (two.id, one)


def test_releases_tell_where_they_come_from(cluster: Cluster) -> None:
    one = cluster.deploy("1.5")
    cluster.network.down = {"rs3"}
    done = cluster.invoke("releases", "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["unreachable"] == {"rs3": "rs3: nobody answers"}
    found = said["hosts"]["rs1"]["releases"][0]
    assert found["id"] == one
    assert (found["version"], found["source"], found["whole"]) == ("1.5", "./源码", True)
    assert (found["ref"], found["commit"]) == (None, None)
    assert "@" in found["by"] and found["built"].endswith("+00:00")
    shown = cluster.invoke("releases").stdout
    assert one in shown and "./源码" in shown and "rs3: nobody answers" in shown


def test_json_tells_how_every_host_went(cluster: Cluster) -> None:
    one, _ = cluster.deploy("1"), cluster.deploy("2")
    cluster.network.down = {"rs3"}
    done = cluster.invoke("rollback", "--yes", "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    changed = {"outcome": "changed", "message": ""}
    assert said["hosts"] == {"rs1": changed, "rs2": changed}
    assert said["skipped"] == {"rs3": "rs3: nobody answers"}
    assert said["run"] == next(runs(cluster.site.history_dir)).id and said["ok"] is False
    assert said["notes"] == [
        f"rs1, rs2, rs3: deploys keep release {one} until `cluster rollback --lift`."
    ]
    assert f"releases/{one}" in done.stderr


def test_back_to_the_one_before_and_held_there_until_lifted(cluster: Cluster) -> None:
    one, two = cluster.deploy("1"), cluster.deploy("2")
    assert cluster.current() == [two] * 3
    asked = cluster.invoke("rollback")
    assert asked.exit_code == 2 and "say --yes" in asked.stderr
    assert cluster.current() == [two] * 3
    assert cluster.site.runtime == Runtime()

    done = cluster.invoke("rollback", "--yes")
    assert done.exit_code == 0, done.output
    assert f"releases/{two} -> releases/{one}" in done.stdout
    assert cluster.current() == [one] * 3
    assert {pin.release for pin in cluster.site.runtime.pins.values()} == {one}
    assert next(runs(cluster.site.history_dir)).result == "ok"
    assert "stays with release" in " ".join(cluster.invoke("releases").stdout.split())

    again = cluster.invoke("rollback", "--yes")
    assert again.exit_code == 0 and "Nothing to change" in again.stdout
    assert cluster.current() == [one] * 3

    forward = desired_hosts(cluster.site.inventory, cluster.build("2"), cluster.site.runtime)
    kept = next(r for r in forward["rs2"].resources if isinstance(r, Release))
    assert (kept.name, kept.archive) == (one, None)

    lifted = cluster.invoke("rollback", "--lift", "-l", "rs1,rs2")
    assert lifted.exit_code == 0 and "rs1, rs2" in lifted.stdout
    assert set(cluster.site.runtime.pins) == {"rs3"}


def test_a_node_without_it_is_named_and_nothing_is_changed(cluster: Cluster) -> None:
    one = cluster.deploy("1", "rs1", "rs2")
    two = cluster.deploy("2")
    refused = cluster.invoke("rollback", "--yes")
    assert isinstance(refused.exception, RollbackError)
    assert str(refused.exception) == (
        f"rs3 had no other release before {two}; it has: {two} (runs)"
    )
    refused = cluster.invoke("rollback", "--yes", "--to", one)
    assert str(refused.exception) == f"rs3 has no release {one}; it has: {two} (runs)"
    assert cluster.current() == [two] * 3
    assert cluster.site.runtime == Runtime()
    assert cluster.invoke("rollback", "--yes", "-l", "rs1,rs2").exit_code == 0
    assert cluster.current() == [one, one, two]


def test_a_host_that_cannot_be_reached_keeps_none_of_the_others_back(cluster: Cluster) -> None:
    one = cluster.deploy("1")
    cluster.deploy("2")
    cluster.network.down = {"rs2"}
    done = cluster.invoke("rollback", "--yes")
    assert done.exit_code == 1
    assert "rs2: not changed: nobody answers" in done.stdout
    cluster.network.down = set()
    assert [host["current"] == one for host in cluster.listed().values()] == [True, False, True]
    # It is to go back as well when it is there again, and not forward.
    assert cluster.site.runtime.pins["rs2"].release == one
    assert cluster.invoke("rollback", "--yes").exit_code == 0
    assert cluster.current() == [one] * 3


def test_nobody_there_is_no_success(cluster: Cluster) -> None:
    cluster.deploy("1")
    cluster.deploy("2")
    cluster.network.down = set(_NODES)
    done = cluster.invoke("rollback", "--yes")
    assert done.exit_code == 1
    assert isinstance(done.exception, RollbackError)
    assert [f"{name}: nobody answers" for name in _NODES] == str(done.exception).splitlines()
    assert cluster.site.runtime == Runtime()


def test_without_directors_to_ask_a_node_that_runs_is_left_alone(cluster: Cluster) -> None:
    one, two = cluster.deploy("1"), cluster.deploy("2")
    cluster.network.down = set(_DIRECTORS)
    refused = cluster.invoke("rollback", "--yes")
    assert refused.exit_code == 1
    said = "rs1: not changed: it may have clients, and who sends to it is not known"
    assert said in refused.stdout and "--force" in refused.stdout
    assert cluster.current() == [two] * 3
    assert cluster.invoke("rollback", "--yes", "--force").exit_code == 0
    assert cluster.current() == [one] * 3


def test_only_real_servers_have_releases(cluster: Cluster) -> None:
    wrong = cluster.invoke("rollback", "--yes", "-l", "directors")
    assert wrong.exit_code == 2 and "they are: rs1, rs2, rs3" in wrong.stderr
    both = cluster.invoke("rollback", "--lift", "--to", "1")
    assert both.exit_code == 2 and "use one of the two" in both.stderr
