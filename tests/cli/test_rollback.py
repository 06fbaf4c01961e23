"""``cluster releases`` and ``cluster rollback``, on real shells."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli.commands.releases import releases
from provisioning.cli.commands.rollback import rollback
from provisioning.engine.journal import runs
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Pin, Runtime
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.release import build_release
from provisioning.operations.rollback import RollbackError
from provisioning.operations.state_folder.runtime_state import save_runtime
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
class ClusterAndHosts:
    """A cluster, and the hosts that its commands get to see."""

    cluster: Cluster
    network: Network

    def invoke(self, command: str, *arguments: str) -> Result:
        known = {"rollback": rollback, "releases": releases}
        return CliRunner().invoke(known[command], ["-i", str(self.cluster.path), *arguments])

    def listed(self) -> dict[str, dict[str, object]]:
        hosts: dict[str, dict[str, object]] = json.loads(self.invoke("releases", "--json").stdout)[
            "hosts"
        ]
        return hosts

    def current(self) -> list[object]:
        return [host["current"] for host in self.listed().values()]

    def build(self, text: str) -> ReleaseArchive:
        source = self.cluster.base_dir / "源码" / "app"
        source.mkdir(parents=True, exist_ok=True)
        (source / "__main__.py").write_text(f"print({text!r})\n")
        (source / "__init__.py").write_text(f'__version__ = "{text}"\n')
        return build_release(self.cluster.inventory.app, self.cluster.base_dir)

    def wanted(self, name: str, release: ReleaseArchive) -> DesiredHost:
        host = desired_hosts(self.cluster.inventory, release, Runtime())[name]
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
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterAndHosts]:
    path = tmp_path / "集群.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    (tmp_path / "源码" / "app").mkdir(parents=True)
    (tmp_path / "源码" / "app" / "__main__.py").touch()
    all_hosts = (*_NODES, *_DIRECTORS)
    with ready_app() as port:
        network = Network({name: SandboxHost(tmp_path / name, port) for name in all_hosts})
        monkeypatch.setattr(cluster_fleet, "connect", network.connect)
        yield ClusterAndHosts(Cluster(load_inventory(path), path), network)


def test_staging_leaves_what_runs_and_switching_changes_it(sandbox: ClusterAndHosts) -> None:
    one = sandbox.deploy("1")
    two = sandbox.build("2")
    host = sandbox.network.hosts["rs1"]
    host.make(staged(sandbox.wanted("rs1", two)))
    seen = sandbox.listed()["rs1"]
    assert (seen["current"], seen["previous"]) == (one, "")
    assert [each["id"] for each in seen["releases"]] == [one, two.id]  # type: ignore[attr-defined]
    host.make(switched(sandbox.wanted("rs1", two)))
    seen = sandbox.listed()["rs1"]
    assert (seen["current"], seen["previous"]) == (two.id, one)


def test_releases_tell_where_they_come_from(sandbox: ClusterAndHosts) -> None:
    one = sandbox.deploy("1.5")
    sandbox.network.down = {"rs3"}
    done = sandbox.invoke("releases", "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["unreachable"] == {"rs3": "rs3: nobody answers"}
    found = said["hosts"]["rs1"]["releases"][0]
    assert found["id"] == one
    assert (found["version"], found["source"], found["whole"]) == ("1.5", "./源码", True)
    assert (found["ref"], found["commit"]) == (None, None)
    assert "@" in found["by"] and found["built"].endswith("+00:00")
    shown = sandbox.invoke("releases").stdout
    assert one in shown and "./源码" in shown and "rs3: nobody answers" in shown


def test_json_tells_how_every_host_went(sandbox: ClusterAndHosts) -> None:
    one, _ = sandbox.deploy("1"), sandbox.deploy("2")
    sandbox.network.down = {"rs3"}
    done = sandbox.invoke("rollback", "--yes", "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    changed = {"outcome": "changed", "message": ""}
    assert said["hosts"] == {"rs1": changed, "rs2": changed}
    assert said["skipped"] == {"rs3": "rs3: nobody answers"}
    assert said["run"] == next(runs(sandbox.cluster.history_dir)).id and said["ok"] is False
    assert said["notes"] == [
        f"rs1, rs2, rs3: deploys keep release {one} until `cluster rollback --lift`."
    ]
    assert f"releases/{one}" in done.stderr


def test_back_to_the_one_before_and_held_there_until_lifted(sandbox: ClusterAndHosts) -> None:
    one, two = sandbox.deploy("1"), sandbox.deploy("2")
    assert sandbox.current() == [two] * 3
    asked = sandbox.invoke("rollback")
    assert asked.exit_code == 2 and "say --yes" in asked.stderr
    assert sandbox.current() == [two] * 3
    assert sandbox.cluster.runtime == Runtime()

    done = sandbox.invoke("rollback", "--yes")
    assert done.exit_code == 0, done.output
    assert f"releases/{two} -> releases/{one}" in done.stdout
    assert sandbox.current() == [one] * 3
    assert {pin.release for pin in sandbox.cluster.runtime.pins.values()} == {one}
    assert next(runs(sandbox.cluster.history_dir)).result == "ok"
    assert "stays with release" in " ".join(sandbox.invoke("releases").stdout.split())

    again = sandbox.invoke("rollback", "--yes")
    assert again.exit_code == 0 and "Nothing to change" in again.stdout
    assert sandbox.current() == [one] * 3

    forward = desired_hosts(sandbox.cluster.inventory, sandbox.build("2"), sandbox.cluster.runtime)
    kept = next(r for r in forward["rs2"].resources if isinstance(r, Release))
    assert (kept.name, kept.archive) == (one, None)

    lifted = sandbox.invoke("rollback", "--lift", "-l", "rs1,rs2")
    assert lifted.exit_code == 0 and "rs1, rs2" in lifted.stdout
    assert set(sandbox.cluster.runtime.pins) == {"rs3"}


def test_what_an_upgrade_brought_is_rolled_back_once(sandbox: ClusterAndHosts) -> None:
    one, two = sandbox.deploy("1"), sandbox.deploy("2")
    pins = {name: Pin(two, "an upgrade", "now", (one,)) for name in _NODES}
    save_runtime(sandbox.cluster.state_dir, Runtime(pins=pins))
    for _ in range(2):
        assert sandbox.invoke("rollback", "--yes").exit_code == 0
        assert sandbox.current() == [one] * 3
    assert {pin.left for pin in sandbox.cluster.runtime.pins.values()} == {()}


def test_an_upgrade_whose_state_cannot_be_read_holds_up_nothing(sandbox: ClusterAndHosts) -> None:
    one, _ = sandbox.deploy("1"), sandbox.deploy("2")
    state = sandbox.cluster.state_dir / "rolling-upgrade.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("{")
    done = sandbox.invoke("rollback", "--yes")
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "No upgrade is taken into account" in told and "No upgrade is aborted" in told
    assert sandbox.current() == [one] * 3
    assert f"deploys keep release {one}" in told


def test_a_node_without_it_is_named_and_nothing_is_changed(sandbox: ClusterAndHosts) -> None:
    one = sandbox.deploy("1", "rs1", "rs2")
    two = sandbox.deploy("2")
    refused = sandbox.invoke("rollback", "--yes")
    assert isinstance(refused.exception, RollbackError)
    assert str(refused.exception) == (
        f"rs3 had no other release before {two}; it has: {two} (runs)"
    )
    refused = sandbox.invoke("rollback", "--yes", "--to", one)
    assert str(refused.exception) == f"rs3 has no release {one}; it has: {two} (runs)"
    assert sandbox.current() == [two] * 3
    assert sandbox.cluster.runtime == Runtime()
    assert sandbox.invoke("rollback", "--yes", "-l", "rs1,rs2").exit_code == 0
    assert sandbox.current() == [one, one, two]


def test_a_host_that_cannot_be_reached_keeps_none_of_the_others_back(
    sandbox: ClusterAndHosts,
) -> None:
    one = sandbox.deploy("1")
    sandbox.deploy("2")
    sandbox.network.down = {"rs2"}
    done = sandbox.invoke("rollback", "--yes")
    assert done.exit_code == 1
    assert "rs2: not changed: nobody answers" in done.stdout
    sandbox.network.down = set()
    assert [host["current"] == one for host in sandbox.listed().values()] == [True, False, True]
    # It is to go back as well when it is there again, and not forward.
    assert sandbox.cluster.runtime.pins["rs2"].release == one
    assert sandbox.invoke("rollback", "--yes").exit_code == 0
    assert sandbox.current() == [one] * 3


def test_nobody_there_is_no_success(sandbox: ClusterAndHosts) -> None:
    sandbox.deploy("1")
    sandbox.deploy("2")
    sandbox.network.down = set(_NODES)
    done = sandbox.invoke("rollback", "--yes")
    assert done.exit_code == 1
    assert isinstance(done.exception, RollbackError)
    assert [f"{name}: nobody answers" for name in _NODES] == str(done.exception).splitlines()
    assert sandbox.cluster.runtime == Runtime()


def test_without_directors_to_ask_a_node_that_runs_is_left_alone(sandbox: ClusterAndHosts) -> None:
    one, two = sandbox.deploy("1"), sandbox.deploy("2")
    sandbox.network.down = set(_DIRECTORS)
    refused = sandbox.invoke("rollback", "--yes")
    assert refused.exit_code == 1
    said = "rs1: not changed: it may have clients, and who sends to it is not known"
    assert said in refused.stdout and "--force" in refused.stdout
    assert sandbox.current() == [two] * 3
    assert sandbox.invoke("rollback", "--yes", "--force").exit_code == 0
    assert sandbox.current() == [one] * 3


def test_only_real_servers_have_releases(sandbox: ClusterAndHosts) -> None:
    wrong = sandbox.invoke("rollback", "--yes", "-l", "directors")
    assert wrong.exit_code == 2 and "they are: rs1, rs2, rs3" in wrong.stderr
    both = sandbox.invoke("rollback", "--lift", "--to", "1")
    assert both.exit_code == 2 and "use one of the two" in both.stderr
