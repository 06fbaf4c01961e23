"""Upgrades on a fake cluster, story by story."""

from pathlib import Path

import pytest

from provisioning.facts.app.metrics import NodeMetrics
from provisioning.operations.rolling.errors import PreflightError, RunBlockedError
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file, state_machine
from provisioning.operations.rolling_upgrade.downtime import downtimes
from provisioning.operations.rolling_upgrade.options import SlowStep, UpgradeOptions
from provisioning.operations.rolling_upgrade.state import NodeStatus, Upgrade
from tests.operations.rolling_upgrade.fake_cluster import (
    NEW,
    OLD,
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)
from tests.operations.rolling_upgrade.runs import fresh, resume, run, runner

QUICK = UpgradeOptions(soak=9, soak_rest=3)


def three(**fields: object) -> FakeCluster:
    nodes = {f"rs{n}": FakeNode(weight=100, full=100) for n in (1, 2, 3)}
    return FakeCluster(nodes, FakeClock(), **fields)  # type: ignore[arg-type]


def releases(cluster: FakeCluster) -> list[str]:
    return [node.release for node in cluster.nodes.values()]


def assert_as_before(cluster: FakeCluster) -> None:
    assert releases(cluster) == [OLD] * 3
    assert [node.weight for node in cluster.nodes.values()] == [100] * 3
    assert not any(node.marked for node in cluster.nodes.values())


def test_nodes_go_one_after_the_other_in_the_order_of_the_phases(tmp_path: Path) -> None:
    cluster, recorder = three(), EventRecorder()
    upgrade = run(cluster, tmp_path, QUICK, recorder)
    assert upgrade.status is RunStatus.FINISHED
    assert releases(cluster) == [NEW] * 3
    assert [said for said in cluster.said if said[1] == "rs2"] == [
        ("stage", "rs2"),
        ("drain", "rs2"),
        ("settle", "rs2"),
        ("stop", "rs2"),
        ("switch", "rs2"),
        (f"start {NEW}", "rs2"),
        (f"warm {NEW}", "rs2"),
        ("undrain", "rs2"),
    ]
    # All have the release before the first of them goes.
    hosts = [host for action, host in cluster.said if action in ("stage", "drain")]
    assert sorted(hosts[:3]) == ["rs1", "rs2", "rs3"] and hosts[3:] == ["rs1", "rs2", "rs3"]
    assert cluster.lowest == 200
    assert [one.host for one in downtimes(upgrade)] == ["rs1", "rs2", "rs3"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (f"start {NEW}", "starting the app: no module named speech"),
        (f"warm {NEW}", "warming up: no module named speech"),
        (f"speak {NEW}", "running the smoke test: it does not speak at its own address: no module"),
    ],
)
def test_a_release_that_does_not_work_is_stopped_at_the_first_node(
    fault: str, said: str, tmp_path: Path
) -> None:
    cluster, recorder = three(), EventRecorder()
    cluster.trouble = lambda action, host: "no module named speech" if action == fault else ""
    upgrade = run(cluster, tmp_path, QUICK, recorder)
    assert upgrade.status is RunStatus.STOPPED
    assert [node.status for node in upgrade.nodes] == [
        NodeStatus.ROLLED_BACK,
        NodeStatus.WAITING,
        NodeStatus.WAITING,
    ]
    assert said in upgrade.node("rs1").reason
    assert_as_before(cluster)
    assert "rolled_back" in recorder.kinds()


def test_a_node_waits_for_a_director_that_dies_and_goes_on(tmp_path: Path) -> None:
    cluster, recorder = three(), EventRecorder()

    def dies(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs2", "warm"):
            cluster.away = "lvs1"

    recorder.then = dies
    with pytest.raises(
        RunBlockedError, match=r"rs2 is blocked at restoring.*lvs1: no answer.*--resum"
    ):
        run(cluster, tmp_path, QUICK, recorder)
    # It has the new release already; the last has not begun.
    assert releases(cluster) == [NEW, NEW, OLD]
    assert [node.weight for node in cluster.nodes.values()] == [100, 0, 100]
    with pytest.raises(RunBlockedError):
        resume(cluster, tmp_path)
    cluster.away, cluster.said = "", []
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert releases(cluster) == [NEW] * 3
    assert [said for said in cluster.said if said[1] == "rs2"] == [("undrain", "rs2")]


def test_a_release_that_speaks_slowly_is_stopped_at_the_first_node(tmp_path: Path) -> None:
    cluster = three(sentence=lambda node: 9.0 if node.release == NEW else 1.5)
    upgrade = run(cluster, tmp_path, QUICK)
    assert "speaks but slowly: 9.0 s" in upgrade.node("rs1").reason
    assert_as_before(cluster)


def test_a_release_that_crashes_after_a_minute_is_stopped_at_the_first_node(tmp_path: Path) -> None:
    cluster = three()

    def crash(node: FakeNode, now: float) -> NodeMetrics | None:
        if node.release == NEW and now - node.started > 60:
            return NodeMetrics(ready=True, started=now)
        return None

    cluster.watched = crash
    upgrade = run(cluster, tmp_path, UpgradeOptions(soak=90, soak_rest=0))
    assert "its process ended and was started again" in upgrade.node("rs1").reason
    assert_as_before(cluster)


def test_a_release_whose_jobs_fail_is_stopped_at_the_first_node(tmp_path: Path) -> None:
    cluster = three()

    def failing(node: FakeNode, now: float) -> NodeMetrics | None:
        jobs = (now - 1000) * 2
        bad = jobs / 3 if node.release == NEW else 0.0
        return NodeMetrics(not node.marked, "", node.started, jobs, bad) if node.up else None

    cluster.watched = failing
    upgrade = run(cluster, tmp_path, UpgradeOptions(soak=30, soak_rest=0))
    assert "jobs failed while it was watched (33%; the others 0%)" in upgrade.node("rs1").reason
    assert_as_before(cluster)


def test_failures_are_allowed_up_to_a_number(tmp_path: Path) -> None:
    cluster = three()
    cluster.trouble = lambda action, host: (
        "disk full" if (action, host) == (f"start {NEW}", "rs2") else ""
    )
    upgrade = run(cluster, tmp_path, UpgradeOptions(soak=0, soak_rest=0, max_fail=1))
    assert upgrade.status is RunStatus.FINISHED
    assert releases(cluster) == [NEW, OLD, NEW]
    assert [node.weight for node in cluster.nodes.values()] == [100] * 3


def test_what_cannot_be_put_back_stays_out_and_stops_everything(tmp_path: Path) -> None:
    cluster = three()
    cluster.trouble = lambda action, host: "no such device" if action.startswith("start") else ""
    upgrade = run(cluster, tmp_path, UpgradeOptions(max_fail=3))
    assert upgrade.status is RunStatus.STOPPED
    assert upgrade.node("rs1").status is NodeStatus.FAILED
    assert "could not be rolled back: no such device" in upgrade.node("rs1").reason
    assert cluster.nodes["rs1"].weight == 0
    assert releases(cluster)[1:] == [OLD, OLD]
    cluster.trouble = lambda action, host: ""
    # The next try first makes it whole, then upgrades it with the others.
    assert resume(cluster, tmp_path).node("rs1").status is NodeStatus.ROLLED_BACK
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert releases(cluster) == [NEW] * 3


def test_a_failed_upgrade_can_be_resumed(tmp_path: Path) -> None:
    cluster = three()
    cluster.trouble = lambda action, host: "busy" if (action, host) == ("settle", "rs2") else ""
    assert run(cluster, tmp_path, QUICK).status is RunStatus.STOPPED
    assert releases(cluster) == [NEW, OLD, OLD]
    cluster.trouble = lambda action, host: ""
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert releases(cluster) == [NEW] * 3


def test_the_last_healthy_node_is_not_drained(tmp_path: Path) -> None:
    cluster = three()
    for name in ("rs2", "rs3"):
        cluster.nodes[name].weight = 0
    with pytest.raises(PreflightError, match="no healthy node would be left"):
        run(cluster, tmp_path, QUICK)
    assert ("drain", "rs1") not in cluster.said
    saved = state_file.load(tmp_path)
    assert saved and saved.status is RunStatus.PAUSED


def test_the_last_healthy_node_is_drained_by_force(tmp_path: Path) -> None:
    cluster = FakeCluster({"rs1": FakeNode()}, FakeClock())
    upgrade = run(cluster, tmp_path, UpgradeOptions(force=True, soak=0))
    assert upgrade.status is RunStatus.FINISHED
    assert cluster.lowest == 0


def test_nobody_goes_where_the_directors_do_not_agree(tmp_path: Path) -> None:
    cluster = three(faults=("lvs1 and lvs2 hold the VIP at the same time",))
    with pytest.raises(PreflightError, match="at the same time"):
        run(cluster, tmp_path, QUICK)
    assert not any(action == "drain" for action, _ in cluster.said)


def test_a_node_that_goes_between_preflight_and_drain_keeps_the_next_one_in(tmp_path: Path) -> None:
    cluster = three(quorum=200)

    def lose_rs3(event: object) -> None:
        if getattr(event, "phase", "") == "drain" and getattr(event, "kind", "") == "phase":
            cluster.nodes["rs3"].weight = 0

    upgrade = run(cluster, tmp_path, QUICK, EventRecorder(then=lose_rs3))
    assert "weight 100 would be left, and the quorum is 200" in upgrade.node("rs1").reason
    assert ("drain", "rs1") not in cluster.said


def test_a_pause_lets_the_present_node_finish(tmp_path: Path) -> None:
    cluster = three()

    def ask(event: object) -> None:
        if getattr(event, "host", "") == "rs1" and getattr(event, "phase", "") == "stop":
            state_file.pause_request(tmp_path).ask()

    recorder = EventRecorder(then=ask)
    upgrade = run(cluster, tmp_path, QUICK, recorder)
    assert upgrade.status is RunStatus.PAUSED and "paused" in recorder.kinds()
    assert releases(cluster) == [NEW, OLD, OLD]
    assert not state_file.pause_request(tmp_path).asked
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED


def test_giving_up_takes_back_what_is_under_way(tmp_path: Path) -> None:
    cluster = three()

    def cut(event: object) -> None:
        if getattr(event, "host", "") == "rs2" and getattr(event, "phase", "") == "warm":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cluster, tmp_path, QUICK, EventRecorder(then=cut))
    saved = state_file.load(tmp_path)
    assert saved and saved.node("rs2").status is NodeStatus.UNDER_WAY
    assert saved.node("rs2").at == "warm"
    upgrade = runner(saved, cluster, tmp_path).abort("aborted")
    assert upgrade.status is RunStatus.ABORTED
    assert releases(cluster) == [NEW, OLD, OLD]
    assert [node.weight for node in cluster.nodes.values()] == [100] * 3


@pytest.mark.parametrize(
    ("choice", "ends"), [("stop", NodeStatus.ROLLED_BACK), ("kill", NodeStatus.UPGRADED)]
)
def test_a_job_past_the_deadline(choice: str, ends: NodeStatus, tmp_path: Path) -> None:
    cluster, recorder = three(), EventRecorder()
    cluster.nodes["rs1"].jobs = 10**6
    options = UpgradeOptions(drain_timeout=5, on_deadline=choice, soak=0, soak_rest=0)  # type: ignore[arg-type]
    upgrade = run(cluster, tmp_path, options, recorder)
    assert upgrade.node("rs1").status is ends
    assert "not idle within 5 s" in recorder.text()
    assert cluster.nodes["rs1"].weight == 100
    if ends is NodeStatus.ROLLED_BACK:
        assert "--drain-timeout" in upgrade.node("rs1").reason
        assert ("stop", "rs1") not in cluster.said


def test_a_job_past_the_deadline_may_be_waited_for(tmp_path: Path) -> None:
    cluster, recorder = three(), EventRecorder()
    cluster.nodes["rs1"].jobs = 20
    options = UpgradeOptions(drain_timeout=5, on_deadline="wait", soak=0, soak_rest=0)
    assert run(cluster, tmp_path, options, recorder).status is RunStatus.FINISHED
    assert "waiting on" in recorder.text()


def test_the_weight_comes_back_in_steps(tmp_path: Path) -> None:
    cluster, recorder = three(), EventRecorder()
    seen: list[tuple[float, int]] = []
    cluster.clock.on_sleep = lambda now: seen.append((now, cluster.nodes["rs1"].weight))
    options = UpgradeOptions(slow_start=(SlowStep(10, 20), SlowStep(50, 30)), soak=0, soak_rest=0)
    run(cluster, tmp_path, options, recorder)
    weights = [weight for _, weight in seen]
    assert weights.index(10) < weights.index(50) < weights.index(100)


def test_directors_backup_first_then_the_master_once_it_has_handed_over(tmp_path: Path) -> None:
    cluster = three(director_work={"lvs1": (["keepalived"], True), "lvs2": (["keepalived"], True)})
    upgrade = run(cluster, tmp_path, QUICK)
    assert upgrade.status is RunStatus.FINISHED
    told = [(a, h) for a, h in cluster.said if a in ("hand over", "change", "drain")]
    assert told[:4] == [
        ("hand over", "lvs2"),
        ("change", "lvs2"),
        ("hand over", "lvs1"),
        ("change", "lvs1"),
    ]
    assert cluster.directors == {"lvs1": False, "lvs2": True}


def test_a_reload_moves_no_address(tmp_path: Path) -> None:
    cluster = three(director_work={"lvs1": (["keepalived.conf"], False)})
    assert run(cluster, tmp_path, QUICK).status is RunStatus.FINISHED
    assert cluster.directors == {"lvs1": True, "lvs2": False}


def test_a_whole_batch_at_a_time(tmp_path: Path) -> None:
    nodes = {f"rs{n}": FakeNode() for n in range(1, 8)}
    cluster = FakeCluster(nodes, FakeClock(), quorum=3)
    upgrade = run(cluster, tmp_path, UpgradeOptions(batch="50%", soak=3, soak_rest=3))
    assert [node.batch for node in upgrade.nodes] == [1, 2, 2, 2, 3, 3, 3]
    assert {node.release for node in cluster.nodes.values()} == {NEW}
    assert cluster.lowest >= 4


def test_the_state_survives_the_disk(tmp_path: Path) -> None:
    options = UpgradeOptions(slow_start=(SlowStep(10, 20),), order="rs3,rs1", on_deadline="kill")
    upgrade = state_machine.start_batch(fresh(three(), options), 1)
    state_file.save(tmp_path, upgrade)
    assert state_file.load(tmp_path) == upgrade
    assert (tmp_path / "rolling-upgrade.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1}'])
def test_a_damaged_state_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "rolling-upgrade.json").write_text(text)
    with pytest.raises(state_file.StateFileError, match=r"rolling-upgrade\.json: "):
        state_file.load(tmp_path)


def test_time_goes_on_over_resumed_runs(tmp_path: Path) -> None:
    cluster = three()
    cluster.trouble = lambda action, host: "busy" if (action, host) == ("settle", "rs2") else ""
    first: Upgrade = run(cluster, tmp_path, QUICK)
    cluster.trouble = lambda action, host: ""
    assert resume(cluster, tmp_path).seconds > first.seconds > 0


@pytest.mark.parametrize("fault", ["", f"speak {NEW}"])
def test_a_node_that_the_operator_has_drained_stays_drained(fault: str, tmp_path: Path) -> None:
    cluster = three(drained={"rs2"})
    cluster.nodes["rs2"].weight, cluster.nodes["rs2"].marked = 0, True
    cluster.trouble = lambda action, host: "no" if (action, host) == (fault, "rs2") else ""
    upgrade = run(cluster, tmp_path, QUICK)
    assert upgrade.node("rs2").drained
    assert releases(cluster) == ([NEW, OLD, OLD] if fault else [NEW] * 3)
    assert cluster.nodes["rs2"].weight == 0 and cluster.nodes["rs2"].marked
    assert not {("undrain", "rs2"), ("drain", "rs2")} & set(cluster.said)
