"""Nodes that are watched at the same time ask each of the others once a round, together."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from provisioning.facts.app.metrics import NodeMetrics
from provisioning.operations.rolling.errors import ActionError, PhaseError
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.phase import PhaseContext
from provisioning.operations.rolling_upgrade.phases.soak import SOAK
from provisioning.operations.rolling_upgrade.shared_metrics import ROUND, SharedMetrics
from provisioning.operations.rolling_upgrade.state import Node
from tests.operations.rolling_upgrade.fake_cluster import (
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)

FAST = 60.0
SOAKING = 6
PEERS = 10


@dataclass
class FastClock:
    """Real time, a minute a second."""

    began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return (time.monotonic() - self.began) * FAST

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / FAST)

    def stop(self) -> None: ...


def cluster_of(clock: FakeClock | FastClock, count: int) -> FakeCluster:
    nodes = {f"rs{n}": FakeNode() for n in range(1, count + 1)}
    return FakeCluster(nodes, clock)  # type: ignore[arg-type]


def context(
    host: str, cluster: FakeCluster, shared: SharedMetrics, recorder: EventRecorder, soak: float
) -> PhaseContext:
    return PhaseContext(
        Node(host, "real_server", 1),
        "2.0",
        UpgradeOptions(soak_rest=soak),
        cluster,
        cluster.clock,
        recorder,
        threading.Lock(),
        "soak",
        shared=shared,
    )


def test_each_node_is_asked_once_a_round_however_many_are_watched() -> None:
    clock = FastClock()
    cluster = cluster_of(clock, SOAKING + PEERS)
    shared, recorder = SharedMetrics(cluster, clock), EventRecorder()
    soaking = [f"rs{n}" for n in range(1, SOAKING + 1)]
    with ThreadPoolExecutor(SOAKING) as pool:
        watches = [context(host, cluster, shared, recorder, 30.0) for host in soaking]
        list(pool.map(SOAK.run, watches))
    rounds = clock.now() / ROUND + 1
    asked = Counter(host for host, _ in cluster.questions)
    assert max(asked[host] for host in cluster.nodes.keys() - set(soaking)) <= rounds
    # A node that is watched has one more sample at either end of its watch.
    assert max(asked[host] for host in soaking) <= rounds + 2
    assert min(asked.values()) > 2
    assert len(recorder.events) > SOAKING


def test_a_sample_is_shared_within_a_round_and_no_longer() -> None:
    clock = FakeClock()
    cluster = cluster_of(clock, 3)
    shared = SharedMetrics(cluster, clock)
    first = shared.of(["rs1", "rs2"])
    assert shared.of(["rs2", "rs3"])["rs2"] is first["rs2"]
    assert Counter(host for host, _ in cluster.questions) == {"rs1": 1, "rs2": 1, "rs3": 1}
    clock.sleep(ROUND)
    assert shared.of(["rs2"])["rs2"] is not first["rs2"]
    assert shared.fresh("rs2") is shared.of(["rs2"])["rs2"]


def test_one_that_does_not_answer_costs_no_more_than_one_question_a_round() -> None:
    clock = FakeClock()
    cluster = cluster_of(clock, 2)
    cluster.nodes["rs2"].up = False
    shared = SharedMetrics(cluster, clock)
    assert isinstance(shared.of_all()["rs2"], ActionError)
    assert isinstance(shared.of(["rs2"])["rs2"], ActionError)
    assert Counter(host for host, _ in cluster.questions)["rs2"] == 1


def test_one_sample_is_never_counted_as_two_in_a_row() -> None:
    """The last round is a short one: of one bad answer it must not make two."""
    clock = FakeClock()
    cluster = cluster_of(clock, 2)
    answers = iter([NodeMetrics(True), NodeMetrics(False, "503 storage"), NodeMetrics(True)])

    def seen(node: FakeNode, now: float) -> NodeMetrics | None:
        return next(answers) if node is cluster.nodes["rs1"] else None

    cluster.watched = seen
    shared = SharedMetrics(cluster, clock)
    SOAK.run(context("rs1", cluster, shared, EventRecorder(), ROUND + 0.5))
    assert next(answers, None) is None


def test_a_node_that_is_gone_twice_in_a_row_fails() -> None:
    clock = FakeClock()
    cluster = cluster_of(clock, 2)

    def seen(node: FakeNode, now: float) -> NodeMetrics | None:
        if node is cluster.nodes["rs1"] and now > 1001:
            raise ActionError("connection refused")
        return None

    cluster.watched = seen
    with pytest.raises(PhaseError, match="not ready any more: connection refused"):
        SOAK.run(context("rs1", cluster, SharedMetrics(cluster, clock), EventRecorder(), 9.0))
