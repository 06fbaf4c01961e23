"""A node whose engine has stopped working: its jobs are done elsewhere, and it gets no others."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.lending.cluster import Cluster, cluster, maker


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path, ("rs1", "rs2"), "faulty") as found:
        yield found


def test_a_node_whose_engine_fails_every_job(pair: Cluster) -> None:
    rs1 = pair.nodes["rs1"]
    trouble = pair.folder / "trouble-rs1"
    trouble.write_text("raise load")
    # The job that finds out is not lost either.
    assert maker(pair.say("rs1", "hello").result()) == "rs2"
    answer = rs1.get("/readyz")
    assert answer.status_code == 503
    rs1.wait_until(lambda: "libfaulty.so" in rs1.get("/readyz").json()["reason"])
    status = rs1.status()
    assert not status["ready"]
    assert status["self_tests"] == {"passed": 0, "failed": 1}
    assert status["restarts"]["self_test"] == 1
    metrics = rs1.get("/metrics").text
    assert 'cosyvoice_self_tests_total{outcome="failed"} 1.0' in metrics
    assert "cosyvoice_ready 0.0" in metrics
    # Sessions that live here go on: their jobs are done elsewhere, while that is so.
    rs1.wait_until(lambda: rs1.status()["workers"][0]["state"] == "broken")
    assert [maker(pair.say("rs1", "hello").result()) for _ in range(3)] == ["rs2"] * 3
    # It fails fast, and draws no jobs from others by that.
    with pair.occupied("rs2"):
        waits = pair.say("rs2", "slow 0.1")
        pair.wait_waiting(1, "rs2")
        # Longer than a job takes to be lent.
        time.sleep(2)
    assert maker(waits.result()) == "rs2"
    trouble.unlink()
    rs1.wait_ready()
    with pair.occupied("rs2"):
        assert maker(pair.say("rs2", "slow 0.1").result()) == "rs1"


def test_where_nobody_can_speak_that_is_told(pair: Cluster) -> None:
    for name in pair.nodes:
        (pair.folder / f"trouble-{name}").write_text("raise load")
    assert pair.say("rs1", "hello").result().json()["error"]["code"] in (
        "engine_failed",
        "no_worker",
    )
    rs1 = pair.nodes["rs1"]
    rs1.wait_until(lambda: rs1.status()["workers"][0]["state"] == "broken")
    # After twenty seconds; a client would wait for a minute.
    answer = pair.say("rs1", "hello").result()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_worker")


def test_a_text_that_fails_everywhere_takes_no_node_out(pair: Cluster) -> None:
    for _ in range(4):
        for name, node in pair.nodes.items():
            answer = pair.say(name, "raise").result()
            assert answer.json()["error"]["code"] == "engine_failed"
            assert node.get("/readyz").status_code == 200
    for node in pair.nodes.values():
        assert node.status()["self_tests"] == {"passed": 4, "failed": 0}
        assert not sum(node.status()["restarts"].values())


def test_what_a_borrowed_job_finds_out(pair: Cluster) -> None:
    """The node that lent it does it again."""
    (pair.folder / "trouble-rs2").write_text("raise load")
    rs2 = pair.nodes["rs2"]
    with pair.occupied("rs1"):
        lent = pair.say("rs1", "hello")
        rs2.wait_until(lambda: rs2.get("/readyz").status_code == 503)
    assert maker(lent.result()) == "rs1"
