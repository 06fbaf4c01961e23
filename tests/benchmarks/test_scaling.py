"""The recording for the autoscaler: what is read of a node, and load that comes in bursts."""

import itertools
import random

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from benchmarks.scaling.__main__ import main
from benchmarks.scaling.bursts import BURST, LULL, USUAL, phases
from benchmarks.scaling.recorder import Sample, sample


class _Node(Collector):
    def collect(self) -> list[Metric]:
        jobs = CounterMetricFamily("cosyvoice_jobs", "Jobs.", labels=["outcome"])
        for outcome, count in (("busy", 50), ("done", 7), ("failed", 2)):
            jobs.add_metric([outcome], count)
        running = GaugeMetricFamily("cosyvoice_jobs_running", "Jobs on a worker.", 2)
        waiting = GaugeMetricFamily("cosyvoice_jobs_waiting", "Jobs in line.", 3)
        return [jobs, running, waiting]


def test_a_sample_has_jobs_that_ended_but_none_that_were_turned_away() -> None:
    registry = CollectorRegistry()
    registry.register(_Node())
    found = sample(generate_latest(registry).decode(), 5.0, before=4)
    assert found == Sample(5.0, 2, 3, 5)
    assert not found.idle and Sample(0, 0, 0, 9).idle
    with pytest.raises(KeyError):
        sample("", 5.0)


def test_load_comes_in_bursts_for_as_long_as_it_shall() -> None:
    found = [*phases(random.Random(1), 600)]
    loads = [load for load, _ in found]
    assert {*loads} == {LULL, USUAL, BURST}
    assert all(one != two for one, two in itertools.pairwise(loads))
    assert 600 <= sum(seconds for _, seconds in found) < 650


def test_a_file_that_cannot_be_written_is_said_before_anything_is_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["scaling", "/nowhere/load.csv"])
    with pytest.raises(SystemExit):
        main()
    assert "/nowhere/load.csv cannot be written" in capsys.readouterr().err
