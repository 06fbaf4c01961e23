"""Real servers that serve are changed out of service, and only those; whatever is cut or in the
way meanwhile."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from provisioning.engine.apply import apply_plan
from provisioning.engine.apply_plans import ApplyResult, Pace, apply_plans
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.progress import Event, silent
from provisioning.engine.waves import Wave
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster_state.tables import look_at_tables
from provisioning.operations.destroy import plan_removal
from provisioning.operations.drain import runtime_change
from provisioning.operations.drain import steps as draining
from provisioning.operations.drain.foreseen import foresee
from provisioning.operations.drain.out_of_service import OutOfService
from provisioning.operations.drain.sending import moved
from provisioning.operations.drain.steps import take_out
from provisioning.operations.operation import Operation
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.run.run import journaled_run
from provisioning.operations.state_folder.directors_record import (
    as_directors_have_it,
    remember_directors,
)
from provisioning.operations.state_folder.runtime_state import save_applied, save_runtime
from provisioning.places import KEEPALIVED_CONF
from provisioning.resources.base import Handler, Resource
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.real_server.app import drain_flag
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster

OPERATOR = Drain("anna@desk", "2026-01-01T00:00:00+00:00", "换内存条", settled=True)


@dataclass
class DeployedCluster:
    """A deployed cluster, and what its nodes saw when their apps were restarted."""

    sandbox: SandboxCluster
    folder: Path
    events: list[Event] = field(default_factory=list)

    @property
    def inventory(self) -> Inventory:
        return self.sandbox.cluster.inventory

    def wanted(self, runtime: Runtime, content: str = "") -> dict[str, DesiredHost]:
        """Directors with their configuration, nodes with a setting that restarts the app."""
        desired = desired_hosts(self.inventory, None, runtime)
        found = {}
        for name in desired:
            resources: tuple[Resource, ...] = tuple(
                one
                for one in desired[name].resources
                if isinstance(one, File) and one.path == KEEPALIVED_CONF
            )
            if name in self.inventory.real_servers.hosts:
                setting = File(
                    path="/etc/cosyvoice/app.env", content=content, triggers=(self.restart(name),)
                )
                resources = (drain_flag(runtime, name), setting)
            found[name] = DesiredHost(name, resources=resources)
        return found

    def restart(self, name: str) -> Handler:
        """Notes the weights and the mark at that moment."""
        look = " ".join(
            f"'{self.folder}/{director}.conf'" for director in self.inventory.directors.hosts
        )
        mark = f"[ ! -e '{self.folder}/{name}.state/drain' ] || echo marked"
        weights = '$1 == "real_server" { s = $2 } $1 == "weight" && s { print s, $2; s = "" }'
        note = f"{{ awk '{weights}' {look}; {mark}; }}"
        return Handler("restart cosyvoice", f"{note} >> '{self.folder}/{name}.restarts'")

    def restarts(self, name: str) -> str:
        path = self.folder / f"{name}.restarts"
        return path.read_text() if path.exists() else ""

    def deploy(self, content: str, **choices: object) -> ApplyResult:
        """The nodes get another setting, then the directors what they should have."""
        batch = int(str(choices.pop("batch", 1)))
        cluster, fleet = self.sandbox.cluster, self.sandbox.fleet()
        with journaled_run(cluster, ["test"]) as run:
            plans = plan_hosts(cluster.inventory, self.wanted(cluster.runtime, content), fleet)
            around = OutOfService(
                op=operation(cluster, fleet, run, self.events.append),
                inventory=cluster.inventory,
                plans=plans,
                desired=lambda runtime: self.wanted(runtime, content),
                command="deploy",
                **{"timeout": 120.0, **choices},  # type: ignore[arg-type]
            )
            result = apply_plans(
                plans,
                [
                    Wave("real servers", tuple(cluster.inventory.real_servers.hosts)),
                    Wave("directors", tuple(cluster.inventory.directors.hosts)),
                ],
                dict.fromkeys(plans.hosts, ()),
                fleet,
                pace=Pace(batch=batch),
                run_id=run.id,
                holder=run.holder,
                journal=run.journal,
                progress=self.events.append,
                around=around,
            )
            run.ok = result.ok
        return result

    def planned(self, content: str) -> Plans:
        """Plan of a deploy, with what it would report."""
        cluster, fleet = self.sandbox.cluster, self.sandbox.fleet()
        plans = plan_hosts(cluster.inventory, self.wanted(cluster.runtime, content), fleet)
        foresee(cluster, plans, fleet)
        return plans

    def weights(self, director: str) -> list[int]:
        fleet = self.sandbox.fleet()
        fleet.connect([director])
        (service,) = look_at_tables(self.inventory, [director], fleet)[director]
        return [server.weight for server in service.servers]

    def change(self, **services: object) -> None:
        """Another inventory."""
        content = self.inventory.model_dump(mode="json", exclude_unset=True)
        content["services"][0] |= services
        cluster = self.sandbox.cluster
        self.sandbox.cluster = Cluster(Inventory.model_validate(content), cluster.path)


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[DeployedCluster]:
    (tmp_path / "hosts").mkdir()
    with sandbox_cluster(tmp_path / "hosts") as sandbox:
        made = DeployedCluster(sandbox, tmp_path)
        for name, host in sandbox.hosts.items():
            (tmp_path / f"{name}.conf").symlink_to(host.root / "etc/keepalived/keepalived.conf")
            (tmp_path / f"{name}.state").symlink_to(host.root / "etc/cosyvoice")
            wanted = made.wanted(Runtime(), "old")[name]
            plan, _ = observe_and_plan(name, host, (), wanted.resources, {})
            assert apply_plan(plan, host, run_id="r0", holder="me", progress=silent).ok
            (tmp_path / f"{name}.restarts").unlink(missing_ok=True)
        yield made


def seen(weights: dict[str, int], *, marked: bool = True) -> str:
    """Weights that a node notes at its restart, on both directors."""
    lines = f"127.0.0.1 {weights['rs1']}\n127.0.0.2 {weights['rs2']}\n" * 2
    return lines + ("marked\n" if marked else "")


def test_each_goes_out_of_service_for_its_restart_and_comes_back(deployed: DeployedCluster) -> None:
    assert deployed.planned("new").drained_first == ["rs1", "rs2"]
    assert deployed.deploy("new").ok
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})
    assert deployed.restarts("rs2") == seen({"rs1": 1, "rs2": 0})
    assert deployed.weights("lvs1") == deployed.weights("lvs2") == [1, 1]
    assert deployed.sandbox.cluster.runtime.drains == {}
    waits = [event.text for event in deployed.events if event.kind == "waiting"]
    assert "its work to end" in waits


def test_a_batch_is_no_larger_than_the_others_can_do_without(deployed: DeployedCluster) -> None:
    assert deployed.deploy("new", batch=2).ok
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})
    assert deployed.restarts("rs2") == seen({"rs1": 1, "rs2": 0})


def test_nothing_is_drained_where_nothing_is_disturbed(deployed: DeployedCluster) -> None:
    reloads = deployed.sandbox.reloads("lvs1")
    assert deployed.planned("old").drained_first == []
    assert deployed.deploy("old").ok
    assert deployed.restarts("rs1") == "" and deployed.sandbox.reloads("lvs1") == reloads


def test_nobody_waits_where_directors_send_nothing(deployed: DeployedCluster) -> None:
    for director in ("lvs1", "lvs2"):
        program = deployed.sandbox.hosts[director].root / "bin/ipvsadm"
        program.write_text("#!/bin/sh\necho 'Can not initialize ipvs' >&2; exit 255\n")
    assert deployed.planned("new").drained_first == []
    assert deployed.deploy("new").ok
    assert deployed.restarts("rs1") == seen({"rs1": 1, "rs2": 1}, marked=False)


def test_who_was_drained_by_an_operator_stays_drained(deployed: DeployedCluster) -> None:
    out(deployed, "rs2", "", settled=True)
    before = deployed.sandbox.cluster.runtime
    assert deployed.deploy("new", force=True).ok
    assert deployed.sandbox.cluster.runtime == before
    assert deployed.restarts("rs2") == seen({"rs1": 1, "rs2": 0})
    assert deployed.weights("lvs1") == [1, 0]
    assert deployed.sandbox.mark("rs2").exists()


def test_the_last_that_serves_is_left_alone_and_the_fix_is_said(deployed: DeployedCluster) -> None:
    out(deployed, "rs2", "", settled=True)
    result = deployed.deploy("new")
    assert "`cluster undrain rs2`" in result.skipped["rs1"] and "--force" in result.skipped["rs1"]
    assert "no other real server" in result.skipped["rs1"]
    # The one that serves nobody goes first, and is done.
    assert result.hosts["rs2"].ok
    assert deployed.restarts("rs1") == ""
    assert deployed.weights("lvs1") == [1, 0]
    assert deployed.deploy("new", force=True).ok
    assert deployed.restarts("rs1") == seen({"rs1": 1, "rs2": 0}, marked=False)


def test_where_there_is_but_one_it_is_said_and_done(deployed: DeployedCluster) -> None:
    content = deployed.inventory.model_dump(mode="json", exclude_unset=True)
    del content["real_servers"]["hosts"]["rs2"]
    deployed.sandbox.cluster = Cluster(
        Inventory.model_validate(content), deployed.sandbox.cluster.path
    )
    plans = deployed.planned("new")
    assert plans.drained_first == []
    assert plans.interrupted["rs1"].startswith("the others are not enough for 127.0.0.100")
    assert deployed.deploy("new").ok
    assert "marked" not in deployed.restarts("rs1") and " 0\n" not in deployed.restarts("rs1")
    assert deployed.sandbox.cluster.runtime.drains == {}


def test_work_that_does_not_end_keeps_a_node_as_it_is(deployed: DeployedCluster) -> None:
    deployed.sandbox.jobs = 1
    result = deployed.deploy("new", timeout=0)
    assert result.skipped["rs1"].startswith("left after 0 s: 1 jobs running; it serves again.")
    assert "--drain-timeout" in result.skipped["rs1"]
    assert deployed.restarts("rs1") == deployed.restarts("rs2") == ""
    assert deployed.weights("lvs1") == [1, 1] and deployed.sandbox.cluster.runtime.drains == {}
    assert deployed.deploy("new", timeout=0, force=True).ok
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})


def test_a_director_that_is_away_is_no_reason_where_another_holds_the_vip(
    deployed: DeployedCluster,
) -> None:
    deployed.sandbox.gone = {"lvs2"}
    result = deployed.deploy("new")
    assert result.hosts["rs1"].ok and result.hosts["rs2"].ok
    assert " 0\n" in deployed.restarts("rs1")
    assert deployed.weights("lvs1") == [1, 1]


def test_nobody_is_disturbed_while_who_sends_to_it_is_not_known(deployed: DeployedCluster) -> None:
    deployed.sandbox.gone = {"lvs1"}
    result = deployed.deploy("new")
    assert "lvs1: no answer within 10 s" in result.skipped["rs1"]
    assert deployed.restarts("rs1") == ""
    result = deployed.deploy("new", force=True)
    assert result.hosts["rs1"].ok and result.hosts["rs2"].ok


def out(deployed: DeployedCluster, name: str, cause: str, *, settled: bool = False) -> None:
    """As a run leaves it that was cut, or an operator."""
    cluster = deployed.sandbox.cluster
    with journaled_run(cluster, ["test"]) as run:
        op = operation(cluster, deployed.sandbox.fleet(), run)
        take_out(op, name, cause=cause, reason="换内存条")
    one = replace(cluster.runtime.drains[name], settled=settled)
    save_runtime(cluster.state_dir, Runtime({name: one}))


def test_what_a_cut_deploy_left_is_finished_by_the_next(deployed: DeployedCluster) -> None:
    out(deployed, "rs2", "deploy")
    assert deployed.deploy("new").ok
    # It was first, so that there were enough for the other.
    assert deployed.restarts("rs2") == seen({"rs1": 1, "rs2": 0})
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})
    assert deployed.weights("lvs1") == [1, 1] and deployed.sandbox.cluster.runtime.drains == {}


def test_one_that_was_changed_already_serves_again_before_others_go(
    deployed: DeployedCluster,
) -> None:
    for name in ("rs1", "rs2"):
        assert deployed.deploy("new").ok
        (deployed.folder / f"{name}.restarts").unlink()
    out(deployed, "rs2", "deploy")
    (deployed.sandbox.hosts["rs1"].root / "etc/cosyvoice/app.env").write_text("old")
    result = deployed.deploy("new")
    assert result.ok and result.hosts["rs2"].outcome == "changed"
    assert deployed.restarts("rs2") == ""
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})
    assert deployed.sandbox.cluster.runtime.drains == {}


def test_an_operators_drain_takes_a_cut_deploys_over(deployed: DeployedCluster) -> None:
    out(deployed, "rs2", "deploy")
    out(deployed, "rs2", "", settled=True)
    assert deployed.sandbox.cluster.runtime.drains["rs2"].cause == ""
    deployed.deploy("new", force=True)
    assert deployed.sandbox.cluster.runtime.drains.keys() == {"rs2"}


def test_one_that_does_not_come_up_stays_drained(
    deployed: DeployedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "_START_PATIENCE", 0.0)
    usual = SandboxCluster.said

    def said(self: SandboxCluster, name: str) -> dict[str, object]:
        broken = name == "rs1" and deployed.restarts("rs1")
        return {**usual(self, name), "reason": "the engine failed"} if broken else usual(self, name)

    monkeypatch.setattr(SandboxCluster, "said", said)
    result = deployed.deploy("new")
    assert result.hosts["rs1"].outcome == "unmet"
    assert "rs1 is not ready: the engine failed. It stays drained" in result.hosts["rs1"].message
    assert "before" in result.skipped["rs2"] and deployed.restarts("rs2") == ""
    assert deployed.weights("lvs1") == [0, 1]
    assert deployed.sandbox.cluster.runtime.drains["rs1"].cause == "deploy"


def test_the_weight_goes_before_the_mark_where_directors_were_not_told(
    deployed: DeployedCluster,
) -> None:
    """Drained in the state, and neither directors nor the node know it."""
    cluster = deployed.sandbox.cluster
    save_runtime(cluster.state_dir, Runtime({"rs1": OPERATOR}))
    save_applied(cluster.state_dir, Runtime())
    order: list[str] = []
    usual = runtime_change.apply_part

    def apply_part(op: Operation, plan: HostPlan) -> None:
        order.append(f"marked at {deployed.weights('lvs1')}, {deployed.weights('lvs2')}")
        usual(op, plan)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(draining, "apply_part", apply_part)
        assert deployed.deploy("old").ok
    assert order == ["marked at [0, 1], [0, 1]"]
    assert deployed.sandbox.mark("rs1").read_text() == f"{OPERATOR}\n"
    assert cluster.runtime.drains == {"rs1": OPERATOR}


def test_one_that_was_drained_and_comes_back_empty_is_deployed_to_and_stays_drained(
    deployed: DeployedCluster,
) -> None:
    """Its disk was exchanged, say, which is what it was drained for."""
    cluster = deployed.sandbox.cluster
    take_out(operation(cluster, deployed.sandbox.fleet()), "rs1", reason="换硬盘")
    root = deployed.sandbox.hosts["rs1"].root
    for path in ("var/lib/cosyvoice-cluster/manifest", "etc/cosyvoice/app.env"):
        (root / path).unlink()
    deployed.sandbox.mark("rs1").unlink()
    assert deployed.deploy("old").ok
    assert "换硬盘" in deployed.sandbox.mark("rs1").read_text()
    assert deployed.restarts("rs1") == seen({"rs1": 0, "rs2": 1})
    assert deployed.weights("lvs1") == [0, 1]
    assert cluster.runtime.drains["rs1"].reason == "换硬盘"


def test_what_is_new_for_directors_waits_for_their_turn(deployed: DeployedCluster) -> None:
    """The nodes answer the new health check only once they are changed."""
    cluster = deployed.sandbox.cluster
    remember_directors(cluster.state_dir, cluster.inventory)
    deployed.change(check={"type": "http", "path": "/new"})
    deployed.deploy("new")
    for name in ("rs1", "rs2"):
        assert " 0\n" in deployed.restarts(name)
    steps = json.dumps([event.text for event in deployed.events if event.kind == "step"])
    assert steps.index("back to work") < steps.index("keepalived.conf")
    for director in ("lvs1", "lvs2"):
        conf = (deployed.folder / f"{director}.conf").read_text()
        assert conf.count("path /new") == 2
        assert deployed.weights(director) == [1, 1]


def test_nobody_is_kept_waiting_for_a_place_that_goes_away(deployed: DeployedCluster) -> None:
    cluster = deployed.sandbox.cluster
    remember_directors(cluster.state_dir, cluster.inventory)
    content = cluster.inventory.model_dump(mode="json", exclude_unset=True) | {"vip": "127.0.0.101"}
    deployed.sandbox.cluster = Cluster(Inventory.model_validate(content), cluster.path)
    assert moved(cluster.inventory, deployed.inventory) == [
        f"127.0.0.100:{cluster.inventory.services[0].port}"
    ]
    assert "cannot go on using" in deployed.planned("new").interrupted["rs1"]
    assert deployed.deploy("new").ok


def test_directors_end_with_what_the_inventory_says_though_they_had_it_already(
    deployed: DeployedCluster,
) -> None:
    """A deploy was killed after the directors had their turn, and before that was written down."""
    cluster = deployed.sandbox.cluster
    remember_directors(cluster.state_dir, cluster.inventory)
    deployed.change(check={"type": "http", "path": "/new"})
    for director in ("lvs1", "lvs2"):
        wanted = deployed.wanted(Runtime())[director]
        host = deployed.sandbox.hosts[director]
        plan, _ = observe_and_plan(director, host, (), wanted.resources, {})
        assert apply_plan(plan, host, run_id="r1", holder="me", progress=silent).ok
    assert deployed.deploy("new").ok
    for director in ("lvs1", "lvs2"):
        assert (deployed.folder / f"{director}.conf").read_text().count("path /new") == 2
    known = as_directors_have_it(cluster.state_dir, cluster.inventory)
    assert known.services == deployed.inventory.services


def test_what_a_cut_deploy_left_of_a_cluster_that_was_reinstalled(
    deployed: DeployedCluster,
) -> None:
    """No director sends anything, and none can be told: the drain ends all the same."""
    out(deployed, "rs1", "deploy")
    for director in ("lvs1", "lvs2"):
        state = deployed.sandbox.hosts[director].root / "var/lib/cosyvoice-cluster/manifest"
        state.unlink()
    assert deployed.deploy("new").ok
    assert deployed.sandbox.cluster.runtime.drains == {}
    assert not deployed.sandbox.mark("rs1").exists()
    assert deployed.weights("lvs1") == [1, 1]


def test_one_that_leaves_is_not_put_back_on_directors(deployed: DeployedCluster) -> None:
    """Directors have nothing of it any more when it is cleaned, and its mark goes with the rest."""
    out(deployed, "rs2", "deploy", settled=True)
    sandbox = deployed.sandbox
    before, fleet = sandbox.cluster, sandbox.fleet()
    content = before.inventory.model_dump(mode="json", exclude_unset=True)
    del content["real_servers"]["hosts"]["rs2"]
    after = Cluster(Inventory.model_validate(content), before.path)
    sandbox.cluster = after
    runtime = before.runtime
    for director in ("lvs1", "lvs2"):
        host, wanted = sandbox.hosts[director], deployed.wanted(Runtime())[director]
        plan, _ = observe_and_plan(director, host, (), wanted.resources, {})
        assert apply_plan(plan, host, run_id="r1", holder="me", progress=silent).ok
    plans = plan_removal(["rs2"], fleet)
    plans.leaving = ["rs2"]
    assert any(step.id == drain_flag(runtime, "rs2").id for step in plans.hosts["rs2"].steps)
    with journaled_run(after, ["test"]) as run:
        around = OutOfService(
            op=operation(before, fleet, run, deployed.events.append),
            inventory=after.inventory,
            plans=plans,
            desired=lambda _: {},
            command="deploy",
            timeout=20.0,
        )
        assert around.before(("rs2",)).hosts == ("rs2",)
    assert deployed.weights("lvs1") == [1] and deployed.weights("lvs2") == [1]
