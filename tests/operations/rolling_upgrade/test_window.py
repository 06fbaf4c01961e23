"""A sliding window: so many nodes out at any time, and the next begins when one is back."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.operations.rolling import window
from provisioning.operations.rolling.errors import PreflightError, RunBlockedError
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.commands import with_choices
from provisioning.operations.rolling_upgrade.options import OptionError, UpgradeOptions, most_out
from provisioning.operations.rolling_upgrade.state import (
    NodeStatus,
    from_record,
    to_record,
)
from tests.operations.rolling_upgrade.fake_cluster import (
    NEW,
    OLD,
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)
from tests.operations.rolling_upgrade.runs import fresh, resume, run


@pytest.fixture(scope="module", autouse=True)
def _no_disk() -> Iterator[None]:
    """Hundreds of states are written, and the machine stays on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def some(count: int, **fields: object) -> FakeCluster:
    nodes = {f"rs{n}": FakeNode(weight=100, full=100) for n in range(1, count + 1)}
    return FakeCluster(nodes, FakeClock(), **fields)  # type: ignore[arg-type]


def options(max_out: str, **fields: object) -> UpgradeOptions:
    return UpgradeOptions(**{"max_out": max_out, "soak": 3, "soak_rest": 3, **fields})  # type: ignore[arg-type]


def ended(cluster: FakeCluster) -> dict[str, str]:
    return {host: node.release for host, node in cluster.nodes.items()}


class Held:
    """Nodes that are not idle until the test says so."""

    def __init__(self, cluster: FakeCluster, *hosts: str) -> None:
        self._hosts, self._let_go = hosts, threading.Event()
        work = cluster.remaining_work

        def remaining(host: str):  # type: ignore[no-untyped-def]
            if host in self._hosts and not self._let_go.wait(0.001):
                cluster.nodes[host].jobs = 2
            return work(host)

        cluster.remaining_work = remaining  # type: ignore[method-assign]

    def let_go(self) -> None:
        self._let_go.set()


def test_a_slow_node_holds_one_place_and_the_others_go_on(tmp_path: Path) -> None:
    cluster = some(9)
    held = Held(cluster, "rs3")
    others = set(cluster.nodes) - {"rs3"}

    def all_others(event: RunEvent) -> None:
        if all(cluster.nodes[host].release == NEW for host in others):
            held.let_go()

    # With barriers rs4 and those after it would wait for rs3, which waits for them.
    done = run(cluster, tmp_path, options("2", on_deadline="wait"), EventRecorder(then=all_others))
    assert done.status is RunStatus.FINISHED
    assert set(ended(cluster).values()) == {NEW}
    assert cluster.most_out == 2


@pytest.mark.parametrize(("text", "most"), [("1", 1), ("3", 3), ("34%", 3), ("100%", 9), ("99", 9)])
def test_as_many_as_that_are_out_and_never_more(text: str, most: int, tmp_path: Path) -> None:
    cluster = some(10)
    full = threading.Barrier(most)

    def meet(action: str, host: str) -> str:
        # The first ones of the window meet out of service: that many really are out together.
        if action == "stop" and host in [f"rs{n}" for n in range(2, 2 + most)]:
            full.wait(30)
        return ""

    cluster.trouble = meet
    done = run(cluster, tmp_path, options(text, force=True))
    assert done.status is RunStatus.FINISHED
    assert cluster.most_out == most


def test_canaries_go_alone_and_the_order_is_kept(tmp_path: Path) -> None:
    cluster, recorder = some(6), EventRecorder()
    run(cluster, tmp_path, options("2", canary=2, order="rs4,rs6,rs2"), recorder)
    begun = [e.facts["hosts"] for e in recorder.events if e.kind == "batch" and "batch" in e.facts]
    assert begun[:3] == [["rs4"], ["rs6"], ["rs2", "rs1", "rs3", "rs5"]]
    assert [host for hosts in begun[3:] for host in hosts] == ["rs2", "rs1", "rs3", "rs5"]
    assert [said for said in cluster.said if said[0] == "drain"][:2] == [
        ("drain", "rs4"),
        ("drain", "rs6"),
    ]


def test_never_below_the_quorum_however_many_may_be_out(tmp_path: Path) -> None:
    cluster = some(6, quorum=400)
    done = run(cluster, tmp_path, options("5", canary=0))
    assert done.status is RunStatus.FINISHED
    assert cluster.lowest == 400 and cluster.most_out == 2


def test_a_node_that_cannot_be_spared_now_waits_until_another_is_back(tmp_path: Path) -> None:
    cluster, recorder = some(3, quorum=200), EventRecorder()
    held = Held(cluster, "rs1")

    def refused(event: RunEvent) -> None:
        if event.kind == "waiting" and not event.host:
            held.let_go()

    recorder.then = refused
    done = run(cluster, tmp_path, options("2", canary=0, on_deadline="wait"), recorder)
    assert done.status is RunStatus.FINISHED
    assert "weight 100 would be left, and the quorum is 200" in recorder.text()
    assert cluster.lowest == 200


def test_a_window_that_cannot_move_is_paused_with_the_reason(tmp_path: Path) -> None:
    cluster = some(3, quorum=300)
    with pytest.raises(PreflightError, match="weight 200 would be left, and the quorum is 300"):
        run(cluster, tmp_path, options("2", canary=0))
    saved = state_file.load(tmp_path)
    assert saved and saved.status is RunStatus.PAUSED
    assert not [said for said in cluster.said if said[0] == "drain"]
    cluster.quorum = 100
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED


def test_after_a_failure_none_begins_and_those_under_way_finish(tmp_path: Path) -> None:
    cluster = some(9)
    held = Held(cluster, "rs2")

    def fails(action: str, host: str) -> str:
        return "no voice" if (action, host) == (f"start {NEW}", "rs3") else ""

    def ends(event: RunEvent) -> None:
        if (event.kind, event.host) == ("rolled_back", "rs3"):
            held.let_go()

    cluster.trouble = fails
    done = run(cluster, tmp_path, options("2", on_deadline="wait"), EventRecorder(then=ends))
    assert done.status is RunStatus.STOPPED
    assert {node.host: node.status for node in done.nodes[:4]} == {
        "rs1": NodeStatus.UPGRADED,
        "rs2": NodeStatus.UPGRADED,
        "rs3": NodeStatus.ROLLED_BACK,
        "rs4": NodeStatus.WAITING,
    }
    assert all(node.weight == 100 for node in cluster.nodes.values())
    cluster.trouble = lambda action, host: ""
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert set(ended(cluster).values()) == {NEW}


def test_failures_are_allowed_up_to_a_number(tmp_path: Path) -> None:
    cluster = some(6)
    cluster.trouble = lambda action, host: (
        "disk full" if (action, host) == (f"start {NEW}", "rs3") else ""
    )
    done = run(cluster, tmp_path, options("2", max_fail=1))
    assert done.status is RunStatus.FINISHED
    assert [host for host, release in ended(cluster).items() if release == OLD] == ["rs3"]


def test_a_pause_lets_those_under_way_finish_and_resume_goes_on(tmp_path: Path) -> None:
    cluster = some(9)

    def ask(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs2", "stop"):
            state_file.pause_request(tmp_path).ask()

    recorder = EventRecorder(then=ask)
    done = run(cluster, tmp_path, options("2"), recorder)
    assert done.status is RunStatus.PAUSED and "paused" in recorder.kinds()
    statuses = {node.status for node in done.nodes}
    assert statuses == {NodeStatus.UPGRADED, NodeStatus.WAITING}
    assert not state_file.pause_request(tmp_path).asked
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert cluster.most_out <= 2


def test_a_cut_window_goes_on_where_it_was(tmp_path: Path) -> None:
    cluster = some(6)

    def cut(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs4", "warm"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cluster, tmp_path, options("2"), EventRecorder(then=cut))
    for thread in threading.enumerate():
        if thread.name.startswith("upgrade"):
            thread.join()
    saved = state_file.load(tmp_path)
    assert saved and saved.node("rs4").at == "warm"
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED
    assert set(ended(cluster).values()) == {NEW}
    assert all(node.weight == 100 for node in cluster.nodes.values())


def test_a_director_that_dies_blocks_the_window(tmp_path: Path) -> None:
    cluster, recorder = some(6), EventRecorder()

    def dies(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs3", "warm"):
            cluster.away = "lvs1"

    recorder.then = dies
    with pytest.raises(RunBlockedError, match="rs3 is blocked at restoring"):
        run(cluster, tmp_path, options("2"), recorder)
    assert ended(cluster)["rs6"] == OLD
    cluster.away = ""
    assert resume(cluster, tmp_path).status is RunStatus.FINISHED


def test_nodes_that_are_watched_hold_no_place_but_are_not_more_than_twice_as_many(
    tmp_path: Path,
) -> None:
    cluster, recorder = some(8), EventRecorder()
    unproved = 0

    def count(event: RunEvent) -> None:
        nonlocal unproved
        saved = state_file.load(tmp_path)
        if saved:
            moving = sum(node.status is NodeStatus.UNDER_WAY for node in saved.nodes)
            unproved = max(unproved, moving)

    recorder.then = count
    run(cluster, tmp_path, options("1", canary=0, soak_rest=30), recorder)
    assert cluster.most_out == 1
    assert unproved <= 2


def test_the_state_of_a_window_survives_the_disk_and_batches_have_the_old_form() -> None:
    upgrade = fresh(some(4), options("50%"))
    record = json.loads(json.dumps(to_record(upgrade)))
    assert record["options"]["max_out"] == "50%"
    assert from_record(record) == upgrade
    assert "max_out" not in to_record(fresh(some(4), UpgradeOptions()))["options"]


def test_a_run_of_batches_is_resumed_as_a_window() -> None:
    batches = fresh(some(7), UpgradeOptions(batch="2"))
    assert [node.batch for node in batches.nodes] == [1, 2, 2, 3, 3, 4, 4]
    changed = with_choices(batches, {"max_out": "3"})
    assert [node.batch for node in changed.nodes] == [1, 2, 2, 2, 2, 2, 2]
    assert window.is_window(changed, 2) and not window.is_window(changed, 1)
    with pytest.raises(OptionError, match="3 out at most; change that by --max-out"):
        with_choices(changed, {"batch": "2"})


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "-1", "rack", "一", "1.5", "１"])
def test_what_is_no_number_of_nodes(text: str) -> None:
    with pytest.raises(OptionError, match="write a number from 1, or 1% to 100%"):
        most_out(text, 10)
