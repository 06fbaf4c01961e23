"""Properties of every upgrade: nobody is left without service, and a cut changes nothing."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.operations.rolling.errors import PreflightError
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade.options import UpgradeOptions, most_out
from provisioning.operations.rolling_upgrade.state import NodeStatus, Upgrade
from tests.operations.rolling_upgrade.fake_cluster import (
    NEW,
    OLD,
    Cut,
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)
from tests.operations.rolling_upgrade.runs import resume, run


@pytest.fixture(scope="module", autouse=True)
def _no_disk() -> Iterator[None]:
    """Thousands of states are written, and the machine stays on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


FAULTS = ("stage", "settle", f"start {NEW}", f"warm {NEW}", f"speak {NEW}")


@dataclass(frozen=True)
class Case:
    weights: tuple[int, ...]
    quorum: int
    options: UpgradeOptions
    faults: frozenset[tuple[str, str]]
    dead: frozenset[str]

    def cluster(self) -> FakeCluster:
        nodes = {
            f"rs{n}": FakeNode(weight=weight, full=weight, jobs=n % 3)
            for n, weight in enumerate(self.weights, 1)
        }
        for host in self.dead:
            nodes[host].up, nodes[host].weight = False, 0
        return FakeCluster(
            nodes,
            FakeClock(),
            quorum=self.quorum,
            director_work={"lvs1": (["x"], True), "lvs2": (["x"], True)},
            trouble=lambda action, host: "no" if (action, host) in self.faults else "",
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    weights = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=6)))
    hosts = [f"rs{n}" for n in range(1, len(weights) + 1)]
    quorum = draw(st.integers(1, sum(weights)))
    options = UpgradeOptions(
        batch=draw(st.sampled_from(["1", "2", "3", "50%", "100%"])),
        max_out=draw(st.sampled_from(["", "", "1", "2", "50%", "100%"])),
        canary=draw(st.integers(0, 2)),
        max_fail=draw(st.integers(0, 2)),
        order=draw(st.sampled_from(["inventory", "reverse", hosts[-1]])),
        soak=6,
        soak_rest=draw(st.sampled_from([0, 3])),
    )
    faults = draw(st.sets(st.tuples(st.sampled_from(FAULTS), st.sampled_from(hosts)), max_size=2))
    dead = draw(st.sets(st.sampled_from(hosts), max_size=1))
    return Case(weights, quorum, options, frozenset(faults), frozenset(dead))


def to_the_end(work: Callable[[], Upgrade]) -> Upgrade | None:
    try:
        return work()
    except PreflightError:
        return None


@settings(max_examples=40, deadline=None)
@given(cases())
def test_clients_are_never_left_without_service(case: Case) -> None:
    cluster = case.cluster()
    before = cluster.live()
    with tempfile.TemporaryDirectory() as folder:
        to_the_end(lambda: run(cluster, Path(folder), case.options))
    if before >= case.quorum:
        assert cluster.lowest >= case.quorum
    assert cluster.lowest > 0
    if case.options.max_out:
        assert cluster.most_out <= most_out(case.options.max_out, len(case.weights))


@settings(max_examples=40, deadline=None)
@given(cases())
def test_every_node_ends_whole(case: Case) -> None:
    cluster = case.cluster()
    with tempfile.TemporaryDirectory() as folder:
        upgrade = to_the_end(lambda: run(cluster, Path(folder), case.options))
    if upgrade is None:
        return
    failed = 0
    for node in upgrade.nodes:
        if node.role == "director":
            continue
        there = cluster.nodes[node.host]
        failed += node.status is NodeStatus.ROLLED_BACK
        if node.status is NodeStatus.UPGRADED:
            assert (there.release, there.linked) == (NEW, NEW)
        elif node.host not in case.dead:
            assert (there.release, there.linked) == (OLD, OLD)
        if node.host not in case.dead and node.status is not NodeStatus.FAILED:
            assert there.up and not there.marked
            assert there.weight == there.full
    assert (upgrade.status is RunStatus.FINISHED) == (
        all(node.status in (NodeStatus.UPGRADED, NodeStatus.ROLLED_BACK) for node in upgrade.nodes)
        and failed <= case.options.max_fail
    )


class CutAfter:
    """The control process goes at the n-th thing that happens, on a host or on the way there, and
    does nothing more; 0 is never."""

    def __init__(self, moment: int) -> None:
        self.moment, self.count = moment, 0

    def tick(self) -> None:
        self.count += 1
        if self.moment and self.count >= self.moment:
            raise Cut

    def over(self) -> None:
        """Another process goes on."""
        self.moment = 0


@settings(max_examples=40, deadline=None)
@given(cases(), st.data())
def test_a_run_that_is_cut_anywhere_and_resumed_ends_the_same(
    case: Case, data: st.DataObject
) -> None:
    """With nodes one at a time, so that both runs have the same order of things."""
    options = replace(case.options, batch="1", max_out="")
    uncut, counter = case.cluster(), CutAfter(0)
    _count(uncut, counter)
    with tempfile.TemporaryDirectory() as folder:
        expected = to_the_end(lambda: run(uncut, Path(folder), options))
    cluster = case.cluster()
    cut = CutAfter(data.draw(st.integers(1, max(1, counter.count))))
    _count(cluster, cut)
    recorder = EventRecorder(then=lambda event: cut.tick())
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = to_the_end(lambda: run(cluster, Path(folder), options, recorder))
        except Cut:
            if not any(Path(folder).glob("rolling-upgrade.json")):
                return  # before the first word was written: nothing was begun
            cut.over()
            got = to_the_end(lambda: resume(cluster, Path(folder)))
    assert cluster.lowest > 0
    assert (got is None) == (expected is None)
    if got and expected:
        assert _ends(got, cluster) == _ends(expected, uncut)


@settings(max_examples=20, deadline=None)
@given(cases(), st.integers(1, 60))
def test_a_window_that_is_cut_anywhere_is_made_whole_by_the_next_run(
    case: Case, moment: int
) -> None:
    options = replace(case.options, max_out="2", max_fail=len(case.weights))
    cluster, cut = case.cluster(), CutAfter(moment)
    _count(cluster, cut)
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = to_the_end(lambda: run(cluster, Path(folder), options))
        except Cut:
            _end_threads()
            if not any(Path(folder).glob("rolling-upgrade.json")):
                return
            cut.over()
            got = to_the_end(lambda: resume(cluster, Path(folder)))
    assert cluster.lowest > 0 and cluster.most_out <= 2
    if got is None:
        return
    for host, node in cluster.nodes.items():
        if host not in case.dead:
            assert node.up and not node.marked and node.weight == node.full
            assert node.release == node.linked


def _end_threads() -> None:
    """A process that is gone has no threads either."""
    for thread in threading.enumerate():
        if thread.name.startswith("upgrade"):
            thread.join()


def _count(cluster: FakeCluster, cut: CutAfter) -> None:
    trouble = cluster.trouble

    def counted(action: str, host: str) -> str:
        cut.tick()
        return trouble(action, host)

    cluster.trouble = counted


def _ends(upgrade: Upgrade, cluster: FakeCluster) -> dict[str, object]:
    # Whether a node that nobody touches has the release beside its own makes no difference.
    waiting = NodeStatus.WAITING
    states = {
        node.host: (node.status, () if node.status is waiting else node.done)
        for node in upgrade.nodes
    }
    hosts = {
        host: (node.release, node.linked, node.weight, node.up, node.marked)
        for host, node in cluster.nodes.items()
    }
    return {"run": upgrade.status, "nodes": states, "hosts": hosts, "vip": cluster.directors}


def test_the_cut_itself_is_no_failure_of_a_node(tmp_path: Path) -> None:
    cluster = FakeCluster({"rs1": FakeNode(), "rs2": FakeNode()}, FakeClock())
    cut = CutAfter(5)
    _count(cluster, cut)
    with pytest.raises(Cut):
        run(cluster, tmp_path, UpgradeOptions(soak=0, soak_rest=0))
    cut.over()
    upgrade = resume(cluster, tmp_path)
    assert upgrade.status is RunStatus.FINISHED
    assert [node.reason for node in upgrade.nodes] == ["", ""]
