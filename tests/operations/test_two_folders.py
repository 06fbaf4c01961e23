"""Two folders of one cluster, as on two control machines: neither undoes what the other did, and
they never work at the same time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.lock import LockedError
from provisioning.model.cluster_record import from_text
from provisioning.model.runtime import Pin, Runtime
from provisioning.model.secrets.shared_secret import SharedSecret
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.fleet import open_fleet
from provisioning.operations.deploy.decommission import leaving_hosts
from provisioning.operations.destroy import forget_destroyed
from provisioning.operations.drain.steps import bring_back, take_out
from provisioning.operations.maintain import registration as maintenances
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.state import HostState, HostStatus, Maintenance
from provisioning.operations.maintain.work import Work
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import registration, state_file
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.planning import UpgradeConflictError
from provisioning.operations.rolling_upgrade.state import (
    Node,
    NodeStatus,
    Upgrade,
    from_record,
)
from provisioning.operations.run.memory import remembered
from provisioning.operations.run.run import Run, journaled_run
from provisioning.operations.run.truth import Truth, establish, held, looked_up, planned
from provisioning.operations.run.working_fleet import working_fleet
from provisioning.operations.state_folder.deployed_hosts import (
    departed,
    load_deployed_hosts,
    remember,
)
from provisioning.operations.state_folder.deployed_hosts import forget as forget_host
from provisioning.operations.state_folder.directors_record import (
    as_directors_have_it,
    remember_directors,
)
from provisioning.operations.state_folder.runtime_state import load_record, save_runtime, with_pins
from provisioning.places import KEEPALIVED_CONF, SECRET_FILE
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.transport.base import Transport, UnreachableError
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster

_SECRET = "a secret that only the nodes have"


class Folder:
    """One control machine's folder."""

    def __init__(self, path: Path, sandbox: SandboxCluster) -> None:
        path.mkdir()
        (path / "inventory.yaml").write_text("name: sandbox\n")
        self.cluster = Cluster(sandbox.inventory, path / "inventory.yaml")
        self.said: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[tuple[Fleet, Run]]:
        with (
            journaled_run(self.cluster, ["cluster", "test"]) as run,
            working_fleet(self.cluster, run, self.said.append) as fleet,
        ):
            yield fleet, run

    def drain(self, name: str) -> None:
        with self.at_work() as (fleet, run):
            take_out(operation(self.cluster, fleet, run), name, reason="内存", force=True)

    def undrain(self, name: str) -> None:
        with self.at_work() as (fleet, run):
            bring_back(operation(self.cluster, fleet, run), name, force=True)

    def plan(self) -> tuple[Plans, Truth]:
        with open_fleet(self.cluster) as fleet:
            return planned(looked_up(self.cluster, fleet), lambda truth: self._plans(truth, fleet))

    def deploy_only_the_truth(self) -> Truth:
        """All of a deploy but the changes."""
        with self.at_work() as (fleet, _):
            plans = planned(held(self.cluster, fleet), lambda truth: self._plans(truth, fleet))
            establish(self.cluster, plans[1])
            return plans[1]

    def _plans(self, truth: Truth, fleet: Fleet) -> Plans:
        wanted = desired_hosts(self.cluster.inventory, None, truth.runtime, truth.shared_secret)
        ours = {"mark:/etc/cosyvoice/drain", f"file:{KEEPALIVED_CONF}", f"file:{SECRET_FILE}"}
        parts = {
            name: DesiredHost(
                name, (), tuple(one for one in host.resources if one.id in ours), partial=True
            )
            for name, host in wanted.items()
        }
        return plan_hosts(self.cluster.inventory, parts, fleet)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        for name in ("rs1", "rs2"):
            secret = made.hosts[name].root / "etc/cosyvoice/cluster-secret"
            secret.write_text(f"{_SECRET}\n")
            secret.chmod(0o640)

        def connect(name: str, *_: object, **__: object) -> Transport:
            if name in made.gone:
                raise UnreachableError(f"{name}: no answer within 10 s")
            return made.hosts[name]

        monkeypatch.setattr(cluster_fleet, "connect", connect)
        yield made


@pytest.fixture
def folders(sandbox: SandboxCluster, tmp_path: Path) -> tuple[Folder, Folder]:
    return Folder(tmp_path / "one", sandbox), Folder(tmp_path / "two", sandbox)


def record(sandbox: SandboxCluster, director: str) -> Path:
    return sandbox.hosts[director].root / "var/lib/cosyvoice-cluster/cluster.json"


def steps(plans: Plans) -> dict[str, list[str]]:
    """Steps that would change something, but for the owner that only a real host has."""
    return {
        name: [step.id for step in plan.steps if not step.change.summary.startswith("owner")]
        for name, plan in plans.hosts.items()
        if [step for step in plan.steps if not step.change.summary.startswith("owner")]
    }


def test_a_plan_in_a_fresh_clone_changes_nothing_and_writes_nothing(
    folders: tuple[Folder, Folder],
) -> None:
    one, two = folders
    one.drain("rs1")
    before = sorted(two.cluster.base_dir.iterdir())
    plans, truth = two.plan()
    assert steps(plans) == {}
    assert truth.runtime.drains["rs1"] == one.cluster.runtime.drains["rs1"]
    assert truth.shared_secret == SharedSecret(_SECRET)
    assert any(line.startswith("rs1: drained since") for line in truth.told)
    assert any("secret" in line for line in truth.told) and _SECRET not in str(truth.told)
    assert sorted(two.cluster.base_dir.iterdir()) == before


def test_a_deploy_from_a_copy_takes_over_instead_of_taking_back(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    truth = two.deploy_only_the_truth()
    assert truth.runtime.drains.keys() == {"rs1"} and truth.shared_secret == SharedSecret(_SECRET)
    assert any(line.startswith("rs1: drained since") for line in two.said)
    assert sandbox.mark("rs1").exists()
    assert two.cluster.runtime == one.cluster.runtime
    # And a folder with a secret of its own gives it up.
    (one.cluster.state_dir / "secret").write_text("another one that is long enough\n")
    (one.cluster.state_dir / "secret").chmod(0o600)
    assert one.deploy_only_the_truth().shared_secret == SharedSecret(_SECRET)
    assert steps(one.plan()[0]) == {}


def test_two_at_once_are_kept_apart_and_the_second_changes_nothing(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    with one.at_work() as (_, run):
        for attempt in (two.deploy_only_the_truth, lambda: two.drain("rs2")):
            with pytest.raises(LockedError) as caught:
                attempt()
            assert run.holder in str(caught.value) and f"since {run.begun}" in str(caught.value)
        assert not sandbox.mark("rs2").exists() and not two.cluster.runtime.drains
    two.drain("rs2")
    assert sandbox.mark("rs2").exists()


def test_what_one_ended_the_other_does_not_begin_again(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    two.undrain("rs1")
    assert one.cluster.runtime.drains.keys() == {"rs1"}, "it has not looked yet"
    assert steps(one.plan()[0]) == {}
    with one.at_work():
        assert not one.cluster.runtime.drains
    assert any("not drained any more" in line for line in one.said)
    assert not sandbox.mark("rs1").exists()


def test_a_mark_that_nothing_remembers_is_a_drain(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    drain = one.cluster.runtime.drains["rs1"]
    for director in ("lvs1", "lvs2"):
        record(sandbox, director).unlink()
    plans, truth = two.plan()
    assert steps(plans) == {}
    found = truth.runtime.drains["rs1"]
    assert (found.who, found.since, found.reason) == (drain.who, drain.since, drain.reason)
    sandbox.mark("rs2").write_text("Finger weg! 硬盘\n")
    _, truth = two.plan()
    assert truth.runtime.drains["rs2"].reason == "Finger weg! 硬盘"
    assert two.deploy_only_the_truth().runtime.drains.keys() == {"rs1", "rs2"}
    assert two.cluster.runtime.drains.keys() == {"rs1", "rs2"}


def test_two_that_see_different_directors_do_not_meet_on_a_host(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    sandbox.gone = {"lvs1"}
    with one.at_work() as (fleet, _):
        fleet.connect(["rs1"])
        sandbox.gone = {"lvs2"}
        with two.at_work() as (other, _):
            with pytest.raises(LockedError, match="rs1 is held"):
                other.connect(["rs1"])
            other.connect(["rs2"])
    assert any("lvs1: cannot be reached" in line for line in one.said)


def test_a_director_that_was_away_hears_what_it_missed(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    stale = record(sandbox, "lvs1").read_text()
    sandbox.gone = {"lvs1"}
    one.undrain("rs1")
    sandbox.gone = set()
    assert record(sandbox, "lvs1").read_text() == stale
    with two.at_work():
        assert not two.cluster.runtime.drains
        assert record(sandbox, "lvs1").read_text() == record(sandbox, "lvs2").read_text()


def test_what_was_destroyed_binds_nobody(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    pin = Pin("0.1.0-abc", "ann run 1", "2026-01-01T00:00:00+00:00")
    with two.at_work():
        save_runtime(two.cluster.state_dir, with_pins(two.cluster.runtime, {"rs2": pin}))
    with one.at_work() as (_, run):
        forget_destroyed(one.cluster, run, ["lvs1", "lvs2", "rs1", "rs2"])
    assert not one.cluster.runtime.drains and not one.cluster.runtime.pins
    assert not record(sandbox, "lvs1").exists() and not record(sandbox, "lvs2").exists()
    # The other folder has not heard of it; a host that is new keeps no release of the old one.
    for name in ("rs1", "rs2"):
        (sandbox.hosts[name].root / "var/lib/cosyvoice-cluster/manifest").unlink()
        sandbox.mark(name).unlink(missing_ok=True)
    _, truth = two.plan()
    assert not truth.runtime.pins
    assert any("0.1.0-abc" in line and "new installation" in line for line in truth.told)
    # Once the cluster lives again, what that folder knew does not count at all.
    one.deploy_only_the_truth()
    with two.at_work():
        assert two.cluster.runtime == one.cluster.runtime


def test_a_part_that_was_destroyed_leaves_the_rest(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, _ = folders
    one.drain("rs1")
    with one.at_work() as (_, run):
        forget_destroyed(one.cluster, run, ["lvs1", "rs2"])
    assert one.cluster.runtime.drains.keys() == {"rs1"}
    assert '"rs1"' in record(sandbox, "lvs2").read_text()


def test_an_upgrade_of_another_folder_is_gone_on_with_there(
    folders: tuple[Folder, Folder],
) -> None:
    one, two = folders
    with one.at_work():
        registration.register(one.cluster, Upgrade("7", "2.0-abc", {}, UpgradeOptions(), (), "now"))
        registration.require_none_elsewhere(one.cluster)
    with two.at_work():
        with pytest.raises(UpgradeConflictError, match="upgrade to 2") as caught:
            registration.require_none_elsewhere(two.cluster)
        assert str(one.cluster.state_dir) in str(caught.value)
    assert any("--resume" in line for line in two.said)
    with two.at_work():
        registration.unregister(two.cluster)
    with one.at_work():
        assert load_record(one.cluster.state_dir).upgrade is None


def _half_done() -> Upgrade:
    nodes = (
        Node("rs1", "real_server", 1, "1.0-aaa", status=NodeStatus.UPGRADED, done=("drain",)),
        Node("rs2", "real_server", 2, "1.0-aaa", status=NodeStatus.UNDER_WAY, at="drain"),
    )
    return Upgrade("7", "2.0-abc", {"to": ""}, UpgradeOptions(), nodes, "now")


def test_an_upgrade_whose_machine_died_is_resumed_from_a_fresh_folder(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    begun = replace(_half_done(), nodes=())
    with one.at_work():
        registration.register(one.cluster, begun)
        state_file.save(one.cluster.state_dir, _half_done())
        # It is on every director before this folder has it, for root alone.
        for director in ("lvs1", "lvs2"):
            path = record(sandbox, director)
            known = from_text(path.read_text()).upgrade
            assert known is not None and known.state is not None
            assert from_record(known.state) == _half_done()
            assert path.stat().st_mode & 0o777 == 0o600
    # One director is down when the other operator goes on.
    sandbox.gone = {"lvs1"}
    with two.at_work():
        assert state_file.load(two.cluster.state_dir) == _half_done()
        registration.register(two.cluster, _half_done())
        assert registration.registered_elsewhere(two.cluster) is None
        done = replace(_half_done(), status=RunStatus.FINISHED)
        state_file.save(two.cluster.state_dir, done)
        assert two.cluster.record.upgrade is None
    assert any("--resume` continues it" in line for line in two.said)
    sandbox.gone = set()
    # And the first, once its machine is back, does not begin again.
    with one.at_work():
        assert state_file.load(one.cluster.state_dir) is None
        assert record(sandbox, "lvs1").read_text() == record(sandbox, "lvs2").read_text()


def test_a_host_that_left_is_known_to_another_folder_too(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    inventory = one.cluster.inventory
    with one.at_work():
        remember(one.cluster.state_dir, inventory, ["lvs1", "lvs2", "rs1", "rs2"])
        remember_directors(one.cluster.state_dir, inventory)
    servers = inventory.real_servers.model_copy(
        update={"hosts": {"rs1": inventory.real_servers.hosts["rs1"]}}
    )
    left = inventory.model_copy(update={"real_servers": servers})
    _, truth = two.plan()
    assert departed(truth.members, left).keys() == {"rs2"}
    two.cluster = Cluster(left, two.cluster.path)
    with two.at_work() as (fleet, _):
        assert leaving_hosts(two.cluster).keys() == {"rs2"}
        fleet.connect(["rs2"])
        assert "rs2" in fleet.transports
        known = as_directors_have_it(two.cluster.state_dir, left)
        assert known.real_servers.hosts.keys() == {"rs1", "rs2"}
        forget_host(two.cluster.state_dir, ["rs2"])
    with one.at_work():
        assert "rs2" not in load_deployed_hosts(one.cluster.state_dir)


def test_what_an_earlier_version_kept_in_the_folder_is_taken_over(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    with one.at_work():
        remember(one.cluster.state_dir, one.cluster.inventory, ["rs1", "rs2"])
    members = one.cluster.record.members
    for director in ("lvs1", "lvs2"):
        record(sandbox, director).unlink()
    (one.cluster.state_dir / "runtime.json").unlink()
    former = one.cluster.state_dir / "members.json"
    former.write_text(json.dumps(members))
    assert load_deployed_hosts(one.cluster.state_dir).keys() == {"rs1", "rs2"}
    with one.at_work():
        remember(one.cluster.state_dir, one.cluster.inventory, ["lvs1"])
    assert not former.exists()
    with two.at_work():
        assert load_deployed_hosts(two.cluster.state_dir).keys() == {"rs1", "rs2", "lvs1"}


def test_each_folder_hears_what_was_done_from_the_other(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    with one.at_work() as (_, run):
        save_runtime(one.cluster.state_dir, Runtime())
        # Cut now, this is what is left of it.
        left = from_text(record(sandbox, "lvs1").read_text()).history[-1]
        assert (left.id, left.result) == (run.id, "cut")
        run.ok = True
    with pytest.raises(OSError, match="no room"), two.at_work():
        raise OSError("no room")
    with open_fleet(two.cluster) as fleet:
        history = remembered(two.cluster, fleet).record.history
    assert [(run.command, run.result) for run in history] == [
        ("cluster test", "failed"),
        ("cluster test", "ok"),
        ("cluster test", "refused"),
    ]
    assert history[-1].reason == "no room" and "@" in history[-1].who
    assert record(sandbox, "lvs1").read_text() == record(sandbox, "lvs2").read_text()
    assert from_text(record(sandbox, "lvs1").read_text()) == two.cluster.record


def test_a_maintenance_whose_machine_died_is_resumed_from_a_fresh_folder(
    sandbox: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    hosts = (
        HostState("rs1", ("real_servers",), 1, status=HostStatus.DONE, done=("check",)),
        HostState("rs2", ("real_servers",), 2, status=HostStatus.UNDER_WAY, at="run"),
    )
    begun = Maintenance("7", Work(run="真的", reboot=True), MaintenanceOptions(), hosts, "now")
    with one.at_work():
        maintenances.save(one.cluster, begun)
        for director in ("lvs1", "lvs2"):
            path = record(sandbox, director)
            assert from_text(path.read_text()).maintenance is not None
            assert path.stat().st_mode & 0o777 == 0o600
    sandbox.gone = {"lvs1"}
    with two.at_work():
        assert maintenances.require_unfinished(two.cluster) == begun
        maintenances.save(two.cluster, replace(begun, status=RunStatus.FINISHED))
    assert any("`cluster maintain --resume` continues it" in line for line in two.said)
    sandbox.gone = set()
    with one.at_work():
        assert maintenances.load(one.cluster) is None
