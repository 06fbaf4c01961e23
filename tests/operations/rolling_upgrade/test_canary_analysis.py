"""Numbers that are read from metrics, and the verdict on them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.facts.app.metrics import NodeMetrics, parse_metrics
from provisioning.facts.app.speech import parse_speech
from provisioning.operations.rolling_upgrade.canary_analysis import Sample, evaluate, slow_sentence
from provisioning.operations.rolling_upgrade.speech_sample import SpeechSample, sample_of
from provisioning.resources.base import Observation

TEXT = """\
# HELP cosyvoice_jobs_total Jobs by outcome.
# TYPE cosyvoice_jobs_total counter
cosyvoice_jobs_total{outcome="busy"} 7.0
cosyvoice_jobs_total{outcome="done"} 90.0
cosyvoice_jobs_total{outcome="failed"} 3.0
cosyvoice_jobs_total{outcome="timed_out"} 1.0
cosyvoice_jobs_total{outcome="refused"} 50.0
cosyvoice_worker_restarts_total{cause="crash"} 2.0
cosyvoice_worker_restarts_total{cause="max_jobs"} 40.0
cosyvoice_worker_restarts_total{cause="deadline"} 1.0
cosyvoice_real_time_factor_bucket{le="+Inf"} 90.0
cosyvoice_real_time_factor_count 90.0
cosyvoice_real_time_factor_sum 45.0
process_start_time_seconds 1.7e+09
an_odd_one{text="a \\"quoted\\" } brace"} NaN
"""
START = NodeMetrics(ready=True, started=100.0)


def look(**fields: float) -> Sample:
    return Sample(NodeMetrics(**{"ready": True, "started": 100.0, **fields}))  # type: ignore[arg-type]


def test_metrics_are_read() -> None:
    found = parse_metrics(TEXT, ready=True)
    assert (found.ended, found.bad, found.crashes) == (94.0, 4.0, 2.0)
    assert (found.factor, found.started) == (0.5, 1.7e9)


def test_metrics_of_something_else_are_nothing() -> None:
    found = parse_metrics("<html>\nnot { metrics\n} 5", ready=False)
    assert (found.ended, found.crashes, found.factor) == (0, 0, None)


def test_a_node_like_the_others_is_fine() -> None:
    others = [NodeMetrics(True, ended=100, bad=4, factor_sum=50, factor_count=100)]
    seen = look(ended=100, bad=5, factor_sum=60, factor_count=100)
    assert evaluate(START, [seen], others, 0.5) == ""


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        (
            [look(), Sample(None, "connection refused"), Sample(None, "connection refused")],
            "not ready",
        ),
        ([Sample(NodeMetrics(False, "503 storage"))] * 2, "503 storage"),
        ([look(started=500.0)], "started again"),
        ([look(crashes=1)], "1 of its workers fell over"),
        ([look(ended=10, bad=2)], "2 of 10 jobs failed"),
        ([look(ended=20, factor_sum=40, factor_count=20)], "speaks but slowly: 2.00 s"),
    ],
)
def test_what_is_wrong_is_said(looks: list[Sample], said: str) -> None:
    others = [NodeMetrics(True, ended=50, factor_sum=25, factor_count=50)]
    assert said in evaluate(START, looks, others, 0.5)


@pytest.mark.parametrize(
    "looks",
    [
        [look(), Sample(None, "timed out"), look()],
        [look(ended=10, bad=1)],
        [look(ended=3, factor_sum=30, factor_count=3)],
    ],
    ids=["one look in between", "one failed job", "too few jobs to tell"],
)
def test_what_may_be_chance_is_let_pass(looks: list[Sample]) -> None:
    assert evaluate(START, looks, [], 0.5) == ""


def test_a_load_that_slows_all_is_nobodys_fault() -> None:
    slow = NodeMetrics(True, ended=50, factor_sum=100, factor_count=50)
    assert evaluate(START, [look(ended=20, factor_sum=45, factor_count=20)], [slow], 0.5) == ""


def test_jobs_that_kill_workers_everywhere_are_nobodys_fault() -> None:
    assert evaluate(START, [look(crashes=1)], [NodeMetrics(True, crashes=1)], None) == ""


@given(st.floats(0.01, 60), st.floats(0.01, 60))
def test_a_sentence_is_slow_only_past_twice_and_two_seconds(before: float, now: float) -> None:
    assert bool(slow_sentence(now, before)) == (now > 2 * before + 2)
    assert slow_sentence(now, None) == ""


GOOD = {
    "status": 200,
    "node": "rs1",
    "seconds": 0.4,
    "bytes": 9,
    "rate": 22050,
    "length": 4.0,
    "level": -20.0,
    "loudest": -12.0,
    "softest": -60.0,
}


def sampled(answer: dict[str, object]) -> SpeechSample:
    """From what the probe prints."""
    return sample_of(parse_speech(Observation(json.dumps(answer), "", 0)))


def test_speech_is_speech() -> None:
    assert sampled(GOOD).problem("rs1") == ""
    assert sampled({**GOOD, "node": None}).problem("rs1") == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "Connection refused"}, "Connection refused"),
        ({"status": 500, "node": "rs1", "error": "no voice"}, "HTTP status 500: no voice"),
        ({**GOOD, "node": "rs2"}, "rs2 answered instead"),
        ({**GOOD, "length": 0.1}, "0.1 s of sound"),
        ({**GOOD, "level": -80.0}, "silent"),
        ({**GOOD, "softest": -13.0}, "noise or tone"),
    ],
)
def test_what_is_no_speech_is_said(answer: dict[str, object], said: str) -> None:
    assert said in sampled(answer).problem("rs1")


def test_the_one_that_made_it_need_not_be_known() -> None:
    assert SpeechSample("", 1.0, 3.0, -20.0, 30.0).problem("rs1") == ""
