"""The node's benchmark measures what it says: same work, ratios by pairs."""

import itertools
import time
from functools import partial

import pytest

from app.engines.registry import find_engine
from benchmarks.node import measures
from tests.app.conftest import node
from tests.app.node_process import NodeProcess

__all__ = ["node"]
TEXT = "您好，世界。Hello."


def test_engine_and_node_give_the_same_bytes(node: NodeProcess) -> None:
    engine = find_engine("espeak").load()
    with node.client() as client:
        same = measures.through(client, "cmn", TEXT) == measures.directly(engine, "cmn", TEXT)
        # Not in the assertion: pytest would look for the differences of a hundred kilobytes.
        assert same
        measures.first_audio(client, "cmn", TEXT)


def test_a_node_that_refuses_is_no_measurement(node: NodeProcess) -> None:
    with node.client() as client, pytest.raises(Exception, match="400"):
        measures.through(client, "nobody", TEXT)


def test_pairs_are_in_turn_and_the_first_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock) ** 2))
    order: list[str] = []
    times = measures.in_turn(partial(order.append, "a"), partial(order.append, "b"), times=3)
    assert order == ["a", "b"] * 4
    assert times.ours == [1, 9, 17]
    assert times.theirs == [5, 13, 21]
    assert times.difference == -4
    assert times.ratio == 9 / 13


def test_throughput_runs_every_job_and_tells_a_failure() -> None:
    done: list[int] = []
    assert measures.jobs_per_second(lambda: done.append(1), 20, 4) > 0
    assert len(done) == 20

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        measures.jobs_per_second(fail, 3, 2)
