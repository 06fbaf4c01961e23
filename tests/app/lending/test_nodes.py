"""Real nodes with a worker each: what waits on one runs on another."""

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.engines.interface import SynthesisRequest
from app.lending import credentials, message
from app.lending.message import Kind
from app.session_routing.passes import CLOCK, UNTIMELY, Passes
from app.workers.frames import Frame, taken_from
from app.workers.job import Job
from tests.app.lending.cluster import SECRET, Cluster, after, cluster, maker
from tests.app.node_process import RELEASE
from tests.app.patient_client import patient_client

NAMES = ("rs1", "rs2", "rs3")
KIND = Kind(RELEASE, "faulty")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("lending"), NAMES, "faulty") as found:
        yield found


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "nodes" in request.fixturenames:
        request.getfixturevalue("nodes").wait_idle()


def test_what_waits_runs_elsewhere_and_sounds_the_same(nodes: Cluster) -> None:
    here = nodes.say("rs1", "noise", seed=7).result()
    assert maker(here) == "rs1"
    busy = nodes.occupy("rs1", 3)
    there = nodes.say("rs1", "noise", seed=7, save=True).result()
    assert not busy.done(), "it did not wait for the worker of its own node"
    assert maker(there) in ("rs2", "rs3")
    assert there.headers["x-node"] == "rs1"
    assert there.content == here.content
    record = (nodes.nodes["rs1"].outputs / Path(there.headers["x-output"]).name).with_suffix(
        ".json"
    )
    kept = json.loads(record.read_text())
    assert (kept["node"], kept["made_by"]) == ("rs1", maker(there))
    assert busy.result().status_code == 200


def test_a_burst_at_one_node_is_done_by_all(nodes: Cluster) -> None:
    before = nodes.nodes["rs1"].status()["jobs"]["done"]
    answers = [nodes.say("rs1", "slow 1") for _ in range(3)]
    assert {maker(answer.result()) for answer in answers} == set(NAMES)
    status = nodes.nodes["rs1"].status()
    assert status["jobs"]["done"] - before == 3, "jobs are counted where they were asked for"
    metrics = nodes.nodes["rs1"].get("/metrics").text
    lent = nodes.lending("rs1", "lent", "done")
    assert f'cosyvoice_jobs_lent_total{{outcome="done"}} {lent}.0' in metrics


@pytest.mark.long
def test_a_slot_goes_to_the_job_that_has_waited_longest(nodes: Cluster) -> None:
    busy = [nodes.occupy("rs1", 2), nodes.occupy("rs2", 5), nodes.occupy("rs3", 5)]
    older = nodes.say("rs2", "slow 0.5")
    nodes.nodes["rs2"].wait_until(lambda: nodes.nodes["rs2"].status()["jobs"]["waiting"] == 1)
    after(0.5)
    younger = nodes.say("rs1", "hello")
    assert maker(older.result()) == "rs1"
    assert maker(younger.result()) == "rs1"
    assert [answer.result().status_code for answer in busy] == [200] * 3


def test_pages_queues_are_one_too(nodes: Cluster) -> None:
    client = [patient_client(nodes.nodes["rs1"].url) for _ in range(6)]
    known = {path.name for path in nodes.nodes["rs1"].outputs.glob("*.json")}

    def one(number: int) -> None:
        client[number].predict("slow 1", "tone", 1.0, number + 1, api_name="/synthesize")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))
    new = [p for p in nodes.nodes["rs1"].outputs.glob("*.json") if p.name not in known]
    records = [json.loads(path.read_text()) for path in new]
    made = [record["made_by"] or record["node"] for record in records]
    assert len(made) == 6
    assert set(made) == set(NAMES)
    # Two for each: nobody was idle while others waited.
    assert max(made.count(name) for name in NAMES) <= 3


def test_a_client_that_leaves_stops_the_work_elsewhere(nodes: Cluster) -> None:
    busy = nodes.occupy("rs1", 4)
    before = {name: nodes.lending(name, "borrowed", "cancelled") for name in NAMES}
    body = {"model": "tts-1", "voice": "tone", "input": "slow 20", "response_format": "pcm"}
    with (
        nodes.nodes["rs1"].client() as client,
        client.stream("POST", "/v1/audio/speech", json=body | {"stream": True}) as answer,
    ):
        other = answer.headers["x-made-by"]
        assert next(answer.iter_raw())
    nodes.nodes[other].wait_until(lambda: nodes.running(other) == 0, 5)
    assert nodes.lending(other, "borrowed", "cancelled") == before[other] + 1
    busy.result()


@pytest.mark.parametrize(
    ("text", "code", "status"), [("raise", "engine_failed", 500), ("silent", "cannot_speak", 400)]
)
@pytest.mark.long
def test_failures_elsewhere_are_told_as_those_here(
    nodes: Cluster, text: str, code: str, status: int
) -> None:
    busy = nodes.occupy("rs1", 2)
    answer = nodes.say("rs1", text).result()
    assert not busy.done()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    busy.result()


def test_a_deadline_ends_the_work_elsewhere(nodes: Cluster) -> None:
    busy = nodes.occupy("rs1", 4)
    before = {n: nodes.nodes[n].status()["restarts"].get("deadline", 0) for n in ("rs2", "rs3")}
    answer = nodes.say("rs1", "hang", timeout=1).result()
    assert not busy.done()
    assert answer.json()["error"]["code"] == "deadline"
    now = {n: nodes.nodes[n].status()["restarts"].get("deadline", 0) for n in ("rs2", "rs3")}
    assert sum(now.values()) == sum(before.values()) + 1
    assert nodes.nodes["rs1"].status()["restarts"].get("deadline", 0) == 0
    for name in NAMES:
        nodes.nodes[name].wait_ready()
    busy.result()


def test_a_draining_node_takes_no_jobs_and_lends_its_own(nodes: Cluster) -> None:
    nodes.drain_file("rs2").touch()
    try:
        answers = [nodes.say("rs1", "slow 1") for _ in range(3)]
        assert {maker(answer.result()) for answer in answers} == {"rs1", "rs3"}
        answers = [nodes.say("rs2", "slow 1") for _ in range(3)]
        assert {maker(answer.result()) for answer in answers} == set(NAMES)
    finally:
        nodes.drain_file("rs2").unlink()


@pytest.mark.long
def test_the_line_is_as_long_as_it_is_told_to_be(nodes: Cluster) -> None:
    answers = [nodes.say(name, "slow 2") for name in NAMES for _ in range(12)]
    codes = [answer.result().status_code for answer in answers]
    # Each has a worker, eight places, and lends nothing while all are busy.
    assert set(codes) == {200, 429}
    assert 21 <= codes.count(200) <= 3 * (1 + 8) + 3


def _send(
    nodes: Cluster, what: str, body: bytes, *, to: str = "rs1", sent: bytes | None = None
) -> list[httpx.Response]:
    """The same request twice, as rs2 would send it; `sent` is in the place of its body."""
    passes = Passes(SECRET, "rs2")
    url = nodes.nodes["rs1"].url + credentials.PATH
    question = _question(age=None)
    first = credentials.written(passes, "rs1", "waiting", question)
    untimely = httpx.post(f"{url}waiting", content=question, headers=_header(first))
    assert untimely.status_code == UNTIMELY
    assert passes.learn("rs1", first, untimely.headers[CLOCK])
    header = _header(credentials.written(passes, to, what, body))
    content = body if sent is None else sent
    return [httpx.post(url + what, content=content, headers=header) for _ in range(2)]


def _header(given: bytes) -> dict[str, str]:
    return {credentials.HEADER: given.decode()}


def _question(**fields: object) -> bytes:
    return json.dumps({"release": KIND.release, "engine": KIND.engine, **fields}).encode()


def test_strangers_learn_nothing_and_do_nothing(nodes: Cluster) -> None:
    question = _question(age=None)
    for what in ("waiting", "offer", "job"):
        url = nodes.nodes["rs1"].url + credentials.PATH + what
        assert httpx.post(url, content=question).status_code == 404
        forged = credentials.written(Passes(b"x" * 32, "rs2"), "rs1", what, question)
        assert httpx.post(url, content=question, headers=_header(forged)).status_code == 404
    first, again = _send(nodes, "waiting", question)
    assert (first.status_code, again.status_code) == (200, 404), "a pass is good once"
    assert first.json() == {"idle": 1}
    assert _send(nodes, "waiting", question, to="rs3")[0].status_code == 404
    altered = _send(nodes, "waiting", question, sent=question.replace(b"null", b"9999"))
    assert altered[0].status_code == 404


def test_a_job_means_the_same_there_or_is_not_taken(nodes: Cluster) -> None:
    def job(kind: Kind = KIND, voice: str = "tone", limit: float = 5) -> bytes:
        return message.written(Job("one", SynthesisRequest("hi", voice, 1.0, 1)), kind, limit)

    assert _send(nodes, "job", job(Kind("other", "faulty")))[0].status_code == 409
    assert _send(nodes, "job", job(Kind(RELEASE, "espeak")))[0].status_code == 409
    assert _send(nodes, "job", job(voice="nobody"))[0].status_code == 409
    assert _send(nodes, "waiting", _question(age=1, release="other"))[0].status_code == 409
    for bad in (b"", b"junk" * 9, job()[:-1], job() + b"x", job(limit=-1)):
        assert _send(nodes, "job", bad)[0].status_code == 400
    taken = _send(nodes, "job", job())[0]
    frames = list(taken_from(bytearray(taken.content)))
    assert [frame.kind for frame in frames] == ["audio", "done"]
    busy = nodes.occupy("rs1", 1)
    assert _send(nodes, "job", job())[0].status_code == 409, "no slot is free"
    busy.result()


def test_what_peers_say_is_checked(nodes: Cluster) -> None:
    for age in (-1, "1", True, 1e999):
        assert _send(nodes, "waiting", _question(age=age))[0].status_code == 400
    assert _send(nodes, "waiting", b"[]")[0].status_code == 400
    assert _send(nodes, "job", Frame("speak", {"limit": 1}).encoded())[0].status_code == 400


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path, ("rs1", "rs2"), "faulty") as found:
        yield found


def test_a_node_that_dies_before_the_first_sound_costs_no_job(pair: Cluster) -> None:
    busy = pair.occupy("rs1", 4)
    with pair.stunned("rs2"):
        lent = pair.say("rs1", "noise", seed=3)
        pair.nodes["rs1"].wait_until(lambda: pair.nodes["rs1"].status()["lending"]["lent_now"] == 1)
        pair.nodes["rs2"].process.send_signal(signal.SIGKILL)
        assert maker(lent.result()) == "rs1"
    assert busy.result().status_code == 200
    assert pair.lending("rs1", "lent", "lost") == 1


@pytest.mark.long
def test_a_node_that_dies_in_the_middle_is_told_of(pair: Cluster) -> None:
    busy = pair.occupy("rs1", 6)
    lent = pair.say("rs1", "slow 20")
    pair.nodes["rs2"].wait_until(lambda: pair.running("rs2") == 1)
    time.sleep(0.5)
    os.killpg(pair.nodes["rs2"].process.pid, signal.SIGKILL)
    answer = lent.result()
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "node_lost"
    assert "rs2" in answer.json()["error"]["message"]
    assert busy.result().status_code == 200
    # Nobody is left to lend to: the next ones wait here.
    assert maker(pair.say("rs1", "hello").result()) == "rs1"


@pytest.mark.long
def test_a_stopping_node_finishes_what_it_lent(pair: Cluster) -> None:
    pair.occupy("rs1", 1)
    lent = pair.say("rs1", "slow 3")
    pair.nodes["rs2"].wait_until(lambda: pair.running("rs2") == 1)
    pair.nodes["rs1"].terminate()
    assert maker(lent.result()) == "rs2"
    assert pair.nodes["rs1"].process.wait(20) == 0
