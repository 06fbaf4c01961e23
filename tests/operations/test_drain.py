"""Drained real servers: what the cluster can do without, what is left, what is changed where."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from provisioning.cli.views.status import status_view
from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan, run_fragments
from provisioning.engine.plan import fragments, plan_part
from provisioning.engine.progress import silent
from provisioning.facts.ipvs.table import parse_table
from provisioning.model.cluster_record import ClusterRecord, to_text
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.node_api import STATUS
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.cluster_state.tables import Tables
from provisioning.operations.drain.capacity import lacking_without
from provisioning.operations.drain.remaining_work import (
    RemainingWork,
    active_connections,
    await_idle,
)
from provisioning.operations.drain.runtime_change import director_parts
from provisioning.operations.drain.weights import differing
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.state_folder.runtime_state import (
    RuntimeStateError,
    load_record,
    save_runtime,
    with_drain,
    without_drain,
)
from provisioning.operations.status.record import status_record
from provisioning.resources.base import Resource
from provisioning.resources.file import File
from provisioning.resources.flag_file import FlagFile
from provisioning.roles.desired import desired_hosts
from provisioning.roles.director.keepalived_conf import scheduler_flags
from provisioning.roles.director.kernel import sysctls
from tests.engine.sandbox import SandboxTransport
from tests.operations.operating import operation
from tests.operations.replay import INVENTORY, Recording, recording, replay

DRAIN = Drain("ops@control", "2026-01-01T00:00:00+00:00", "换内存条")
DRAINED = Runtime({"rs1": DRAIN})


def varied(**service: object) -> Inventory:
    content = INVENTORY.model_dump(mode="json", exclude_unset=True)
    content["services"] = [{"scheduler": "rr", "persistence": None, **service}]
    return Inventory.model_validate(content)


def table(**weights: int) -> Tables:
    lines = ["TCP  10.77.0.100:7860 rr"] + [
        f"  -> 10.77.0.2{name[-1]}:7860 Route {weight} {4 if name == 'rs1' else 0} 0"
        for name, weight in weights.items()
    ]
    return {"lvs1": parse_table("\n".join(lines) + "\n")}


def test_the_state_outlives_the_process_and_is_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / ".cluster" / "语音"
    assert load_record(folder).runtime == Runtime()
    save_runtime(folder, with_drain(Runtime(), "rs1", DRAIN))
    assert load_record(folder).runtime == DRAINED
    save_runtime(folder, without_drain(load_record(folder).runtime, "rs1"))
    assert load_record(folder).runtime == Runtime()
    assert [path.name for path in folder.iterdir()] == ["runtime.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"drains": 1}', '{"drains": {"a": {"x": 1}}}'])
def test_a_damaged_state_is_never_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "runtime.json").write_text(text)
    with pytest.raises(RuntimeStateError, match="delete"):
        load_record(tmp_path)


@pytest.mark.parametrize(
    ("quorum", "weights", "drained", "lacking"),
    [
        (1, {"rs1": 1, "rs2": 1, "rs3": 1}, (), ""),
        (1, {"rs1": 1}, (), "no other real server"),
        (1, {"rs1": 1, "rs2": 0, "rs3": 1}, ("rs3",), "no other real server"),
        (2, {"rs1": 1, "rs2": 1}, (), "would keep rs2 of weight 1, below its quorum of 2"),
        (2, {"rs1": 1, "rs2": 2}, (), ""),
    ],
)
def test_the_last_healthy_ones_are_needed(
    quorum: int, weights: dict[str, int], drained: tuple[str, ...], lacking: str
) -> None:
    runtime = Runtime(dict.fromkeys(drained, DRAIN))
    found = lacking_without(varied(quorum=quorum), runtime, table(**weights), frozenset({"rs1"}))
    assert bool(found) == bool(lacking)
    assert lacking in "; ".join(found)


def test_the_kernel_is_what_counts() -> None:
    assert differing(INVENTORY, DRAINED, table(rs1=0, rs2=1), "rs1") == []
    # It was dead when it was drained: nothing goes there either way.
    assert differing(INVENTORY, DRAINED, table(rs2=1), "rs1") == []
    (found,) = differing(INVENTORY, DRAINED, table(rs1=1, rs2=1), "rs1")
    assert found == "10.77.0.100:7860 on lvs1: weight 1 instead of 0"
    (found,) = differing(INVENTORY, Runtime(), table(rs2=1), "rs1")
    assert "not in the table instead of 1" in found


def test_what_is_left_is_said() -> None:
    assert str(RemainingWork(running=2, connections=1)) == "2 jobs running, 1 open connections"
    assert RemainingWork().idle and str(RemainingWork()) == "nothing"
    assert not RemainingWork(unknown="no answer").idle
    assert active_connections(INVENTORY, table(rs1=1, rs2=1), "rs1") == 4
    assert active_connections(INVENTORY, table(rs1=1, rs2=1), "rs2") == 0


def busy(answers: Recording, name: str, jobs: int) -> None:
    """Record the app's account of itself as its only answer."""
    said = {
        "node": name,
        "version": "1",
        "draining": True,
        "reason": "draining",
        "jobs": {"running": jobs, "waiting": 0},
    }
    reply = [{"status": 200, "node": name, "text": json.dumps(said)}]
    answers[name]["app_status"] = [(json.dumps({STATUS: reply}), "", 0)]


@pytest.mark.parametrize("jobs", [0, 2])
def test_waiting_ends_at_the_deadline_with_what_is_left(jobs: int, tmp_path: Path) -> None:
    answers = recording("healthy")
    busy(answers, "rs1", jobs)
    idle = [("TCP 10.77.0.100:7860 rr\n  -> 10.77.0.21:7860 Route 0 0 3\n", "", 0)]
    for director in ("lvs1", "lvs2"):
        answers[director] |= {"ipvs_table": idle, "interfaces": [("[]", "", 0)]}
    told: list[str] = []
    cluster = Cluster(INVENTORY, tmp_path / "inventory.yaml")
    op = operation(cluster, replay(answers), progress=lambda event: told.append(event.detail))
    left = await_idle(op, ["rs1"], timeout=60 if jobs == 0 else 0)
    assert {name: work.running for name, work in left.items()} == ({"rs1": 2} if jobs else {})
    assert told[0] == ("2 jobs running" if jobs else "nothing")


def ids(resources: tuple[Resource, ...]) -> set[str]:
    return {one.id for one in resources}


def test_a_drain_touches_nothing_but_what_it_makes_different() -> None:
    parts = director_parts(INVENTORY, Runtime(), DRAINED)
    for _, will in parts.values():
        assert ids(will) == {"file:/etc/keepalived/keepalived.conf"}
    assert parts.keys() == {"lvs1", "lvs2"}
    assert all(not will for _, will in director_parts(INVENTORY, DRAINED, DRAINED).values())


def test_persistence_holds_clients_until_they_had_their_time() -> None:
    inventory = varied(persistence={"timeout": 600})
    alone = inventory.model_copy(
        update={"app": inventory.app.model_copy(update={"session_routing": False})}
    )
    key = "net.ipv4.vs.expire_quiescent_template"
    settled = Runtime({"rs1": replace(DRAIN, settled=True)})
    assert dict(sysctls(alone, Runtime()))[key] == "1"
    assert dict(sysctls(alone, DRAINED))[key] == "0"
    assert dict(sysctls(alone, settled))[key] == "1"
    # A node passes a session's requests on, wherever they come.
    assert dict(sysctls(inventory, DRAINED))[key] == "1"
    assert dict(sysctls(varied(), DRAINED))[key] == "1"
    will = director_parts(alone, DRAINED, settled)["lvs1"][1]
    file = "file:/etc/sysctl.d/60-cosyvoice-director.conf"
    assert len(will) == 2 and file in ids(will)
    assert any(one.id.endswith("expire_quiescent_template") for one in will)


@pytest.mark.parametrize("scheduler", ["sh", "mh"])
def test_hashing_falls_back_while_one_is_drained(scheduler: str) -> None:
    (service,) = varied(scheduler=scheduler, hash_fallback=False).services
    assert scheduler_flags(service) == []
    assert scheduler_flags(service, drained=True) == [f"{scheduler}-fallback"]


def test_the_node_carries_the_mark_and_may_be_draining_after_a_deploy() -> None:
    drained, usual = (
        desired_hosts(INVENTORY, None, runtime)["rs1"] for runtime in (DRAINED, Runtime())
    )
    (mark,) = (one for one in drained.resources if isinstance(one, FlagFile))
    assert mark.path == "/etc/cosyvoice/drain" and "换内存条" in str(mark.content)
    (mark,) = (one for one in usual.resources if isinstance(one, FlagFile))
    assert mark.content is None
    # Those that serve are drained while they are changed, which the plan need not know.
    assert '"reason":"draining"' in usual.postconditions[0].probe
    assert usual.postconditions == drained.postconditions


def test_status_shows_who_drained_it_and_counts_no_fault() -> None:
    answers = recording("healthy")
    for director in ("lvs1", "lvs2"):
        text, err, status = answers[director]["ipvs_table"][0]
        lines = text.splitlines(keepends=True)
        lines = [one.replace(" 1 ", " 0 ", 1) if "10.77.0.21" in one else one for one in lines]
        answers[director]["ipvs_table"] = [("".join(lines), err, status)]
    usual = look_at(INVENTORY, replay(answers), ClusterRecord())
    assert any("weight of rs1 is 0 instead of 1" in str(f) for f in all_faults(INVENTORY, usual))
    state = look_at(INVENTORY, replay(answers), ClusterRecord(runtime=DRAINED))
    # A folder that knows nothing of it asks the directors.
    answers["lvs2"]["cluster_record"] = [(to_text(ClusterRecord(3, DRAINED)), "", 0)]
    assert look_at(INVENTORY, replay(answers), ClusterRecord()).runtime == state.runtime
    faults = [str(fault) for fault in all_faults(INVENTORY, state)]
    # This node was recorded at work: it has no mark.
    assert faults == ["rs1: is drained, but the app there does not know it and takes new sessions"]
    assert status_record(INVENTORY, state, [])["drained"]["rs1"]["reason"] == "换内存条"
    console = Console(width=160, force_terminal=False)
    with console.capture() as shown:
        console.print(status_view(INVENTORY, state, []))
    assert "drained since 2026-01-01" in shown.get() and "换内存条" in shown.get()


class TestPartOfAHost:
    """Changing one resource of a host leaves all others as they are and known."""

    def host(self, folder: Path) -> tuple[SandboxTransport, File, FlagFile]:
        (folder / "root").mkdir()
        file = File(path=f"{folder}/root/a.conf", content="1\n")
        return SandboxTransport(folder), file, FlagFile(path=f"{folder}/root/mark", content="x\n")

    def part(self, host: SandboxTransport, *resources: Resource) -> object:
        seen = run_fragments("h", host, fragments((), resources))
        plan = plan_part("h", resources, seen)
        if plan.blocked:
            return plan.problems
        return apply_plan(plan, host, run_id="r2", holder="me", progress=silent).outcome

    def test_a_host_that_was_never_deployed_is_refused(self, tmp_path: Path) -> None:
        host, _, mark = self.host(tmp_path)
        assert "nothing was deployed here yet" in str(self.part(host, mark))

    def test_the_others_stay(self, tmp_path: Path) -> None:
        host, file, mark = self.host(tmp_path)
        plan, _ = observe_and_plan("h", host, (), (file,), {})
        assert apply_plan(plan, host, run_id="r1", holder="me", progress=silent).ok
        assert self.part(host, mark) == "changed"
        assert Path(mark.path).read_text() == "x\n"
        assert Path(file.path).read_text() == "1\n"
        again, _ = observe_and_plan("h", host, (), (file, mark), {})
        assert not again.changes
        manifest = (host.state / "manifest").read_text()
        assert [line for line in manifest.splitlines() if not line.startswith("\t")] == [
            file.id,
            mark.id,
        ]
