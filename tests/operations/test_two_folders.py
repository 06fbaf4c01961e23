"""Two folders of one cluster, as on two control machines: neither undoes what the other did, and
they never work at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.lock import LockedError
from provisioning.model.runtime import Pin
from provisioning.operations import session
from provisioning.operations.destroy import forget_destroyed
from provisioning.operations.drain.steps import bring_back, take_out
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.rolling_upgrade import registration
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.planning import UpgradeConflictError
from provisioning.operations.rolling_upgrade.state import Upgrade
from provisioning.operations.run import Run, journaled_run
from provisioning.operations.runtime_state import load_record, save_runtime, with_pins
from provisioning.operations.session import Site, open_fleet
from provisioning.operations.truth import Truth, establish, held, looked_up, planned
from provisioning.operations.working_fleet import working_fleet
from provisioning.places import KEEPALIVED_CONF, SECRET_FILE
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.transport.base import Transport, UnreachableError
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster

_SECRET = "a secret that only the nodes have"


class Folder:
    """One control machine's folder."""

    def __init__(self, path: Path, cluster: SandboxCluster) -> None:
        path.mkdir()
        (path / "inventory.yaml").write_text("name: sandbox\n")
        self.site = Site(cluster.inventory, path / "inventory.yaml")
        self.said: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[tuple[Fleet, Run]]:
        with (
            journaled_run(self.site, ["cluster", "test"]) as run,
            working_fleet(self.site, run, self.said.append) as fleet,
        ):
            yield fleet, run

    def drain(self, name: str) -> None:
        with self.at_work() as (fleet, run):
            take_out(operation(self.site, fleet, run), name, reason="内存", force=True)

    def undrain(self, name: str) -> None:
        with self.at_work() as (fleet, run):
            bring_back(operation(self.site, fleet, run), name, force=True)

    def plan(self) -> tuple[Plans, Truth]:
        with open_fleet(self.site) as fleet:
            return planned(looked_up(self.site, fleet), lambda truth: self._plans(truth, fleet))

    def deploy_only_the_truth(self) -> Truth:
        """All of a deploy but the changes."""
        with self.at_work() as (fleet, _):
            plans = planned(held(self.site, fleet), lambda truth: self._plans(truth, fleet))
            establish(self.site, plans[1])
            return plans[1]

    def _plans(self, truth: Truth, fleet: Fleet) -> Plans:
        wanted = desired_hosts(self.site.inventory, None, truth.runtime, truth.secret_value)
        ours = {"mark:/etc/cosyvoice/drain", f"file:{KEEPALIVED_CONF}", f"file:{SECRET_FILE}"}
        parts = {
            name: DesiredHost(
                name, (), tuple(one for one in host.resources if one.id in ours), partial=True
            )
            for name, host in wanted.items()
        }
        return plan_hosts(self.site.inventory, parts, fleet)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
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

        monkeypatch.setattr(session, "connect", connect)
        yield made


@pytest.fixture
def folders(cluster: SandboxCluster, tmp_path: Path) -> tuple[Folder, Folder]:
    return Folder(tmp_path / "one", cluster), Folder(tmp_path / "two", cluster)


def record(cluster: SandboxCluster, director: str) -> Path:
    return cluster.hosts[director].root / "var/lib/cosyvoice-cluster/cluster.json"


def steps(plans: Plans) -> dict[str, list[str]]:
    """What would change, but for the owner that only a real host has."""
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
    before = sorted(two.site.base_dir.iterdir())
    plans, truth = two.plan()
    assert steps(plans) == {}
    assert truth.runtime.drains["rs1"] == one.site.runtime.drains["rs1"]
    assert truth.secret_value == _SECRET
    assert any(line.startswith("rs1: drained since") for line in truth.told)
    assert any("secret" in line for line in truth.told) and _SECRET not in str(truth.told)
    assert sorted(two.site.base_dir.iterdir()) == before


def test_a_deploy_from_a_copy_takes_over_instead_of_taking_back(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    truth = two.deploy_only_the_truth()
    assert truth.runtime.drains.keys() == {"rs1"} and truth.secret_value == _SECRET
    assert any(line.startswith("rs1: drained since") for line in two.said)
    assert cluster.mark("rs1").exists()
    assert two.site.runtime == one.site.runtime
    # And a folder with a secret of its own gives it up.
    (one.site.state_dir / "secret").write_text("another one that is long enough\n")
    (one.site.state_dir / "secret").chmod(0o600)
    assert one.deploy_only_the_truth().secret_value == _SECRET
    assert steps(one.plan()[0]) == {}


def test_two_at_once_are_kept_apart_and_the_second_changes_nothing(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    with one.at_work() as (_, run):
        for attempt in (two.deploy_only_the_truth, lambda: two.drain("rs2")):
            with pytest.raises(LockedError) as caught:
                attempt()
            assert run.holder in str(caught.value) and f"since {run.begun}" in str(caught.value)
        assert not cluster.mark("rs2").exists() and not two.site.runtime.drains
    two.drain("rs2")
    assert cluster.mark("rs2").exists()


def test_what_one_ended_the_other_does_not_begin_again(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    two.undrain("rs1")
    assert one.site.runtime.drains.keys() == {"rs1"}, "it has not looked yet"
    assert steps(one.plan()[0]) == {}
    with one.at_work():
        assert not one.site.runtime.drains
    assert any("not drained any more" in line for line in one.said)
    assert not cluster.mark("rs1").exists()


def test_a_mark_that_nothing_remembers_is_a_drain(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    drain = one.site.runtime.drains["rs1"]
    for director in ("lvs1", "lvs2"):
        record(cluster, director).unlink()
    plans, truth = two.plan()
    assert steps(plans) == {}
    found = truth.runtime.drains["rs1"]
    assert (found.who, found.since, found.reason) == (drain.who, drain.since, drain.reason)
    cluster.mark("rs2").write_text("Finger weg! 硬盘\n")
    _, truth = two.plan()
    assert truth.runtime.drains["rs2"].reason == "Finger weg! 硬盘"
    assert two.deploy_only_the_truth().runtime.drains.keys() == {"rs1", "rs2"}
    assert two.site.runtime.drains.keys() == {"rs1", "rs2"}


def test_two_that_see_different_directors_do_not_meet_on_a_host(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    cluster.gone = {"lvs1"}
    with one.at_work() as (fleet, _):
        fleet.connect(["rs1"])
        cluster.gone = {"lvs2"}
        with two.at_work() as (other, _):
            with pytest.raises(LockedError, match="rs1 is held"):
                other.connect(["rs1"])
            other.connect(["rs2"])
    assert any("lvs1: cannot be reached" in line for line in one.said)


def test_a_director_that_was_away_hears_what_it_missed(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    stale = record(cluster, "lvs1").read_text()
    cluster.gone = {"lvs1"}
    one.undrain("rs1")
    cluster.gone = set()
    assert record(cluster, "lvs1").read_text() == stale
    with two.at_work():
        assert not two.site.runtime.drains
        assert record(cluster, "lvs1").read_text() == record(cluster, "lvs2").read_text()


def test_what_was_destroyed_binds_nobody(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.drain("rs1")
    pin = Pin("0.1.0-abc", "ann run 1", "2026-01-01T00:00:00+00:00")
    with two.at_work():
        save_runtime(two.site.state_dir, with_pins(two.site.runtime, {"rs2": pin}))
    with one.at_work() as (_, run):
        forget_destroyed(one.site, run, ["lvs1", "lvs2", "rs1", "rs2"])
    assert not one.site.runtime.drains and not one.site.runtime.pins
    assert not record(cluster, "lvs1").exists() and not record(cluster, "lvs2").exists()
    # The other folder has not heard of it; a host that is new keeps no release of the old one.
    for name in ("rs1", "rs2"):
        (cluster.hosts[name].root / "var/lib/cosyvoice-cluster/manifest").unlink()
        cluster.mark(name).unlink(missing_ok=True)
    _, truth = two.plan()
    assert not truth.runtime.pins
    assert any("0.1.0-abc" in line and "new installation" in line for line in truth.told)
    # Once the cluster lives again, what that folder knew does not count at all.
    one.deploy_only_the_truth()
    with two.at_work():
        assert two.site.runtime == one.site.runtime


def test_a_part_that_was_destroyed_leaves_the_rest(
    cluster: SandboxCluster, folders: tuple[Folder, Folder]
) -> None:
    one, _ = folders
    one.drain("rs1")
    with one.at_work() as (_, run):
        forget_destroyed(one.site, run, ["lvs1", "rs2"])
    assert one.site.runtime.drains.keys() == {"rs1"}
    assert '"rs1"' in record(cluster, "lvs2").read_text()


def test_an_upgrade_of_another_folder_is_gone_on_with_there(
    folders: tuple[Folder, Folder],
) -> None:
    one, two = folders
    with one.at_work():
        registration.register(one.site, Upgrade("7", "2.0-abc", {}, UpgradeOptions(), (), "now"))
        registration.require_none_elsewhere(one.site)
    with two.at_work():
        with pytest.raises(UpgradeConflictError, match="upgrade to 2") as caught:
            registration.require_none_elsewhere(two.site)
        assert str(one.site.state_dir) in str(caught.value)
    assert any("--resume" in line for line in two.said)
    with two.at_work():
        registration.unregister(two.site)
    with one.at_work():
        assert load_record(one.site.state_dir).upgrade is None
