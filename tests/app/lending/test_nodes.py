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
from app.session_routing.peers.signatures import CLOCK, UNTIMELY, Signatures
from app.workers.frames import Frame, taken_from
from app.workers.job import Job
from tests.app.lending.cluster import SECRET, Cluster, cluster, maker
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
    with nodes.occupied("rs1") as busy:
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


def test_words_come_with_the_sound_from_wherever_it_is_made(nodes: Cluster) -> None:
    def captioned(text: str) -> httpx.Response:
        with nodes.nodes["rs1"].client() as client:
            body = {"model": "tts-1", "input": text, "voice": "tone", "seed": 7, "stream": False}
            return client.post("/dev/captioned_speech", json=body)

    here = captioned("slow 0.3")
    with nodes.occupied("rs1"):
        there = captioned("slow 0.3")
    assert (maker(here), maker(there) in ("rs2", "rs3")) == ("rs1", True)
    times = [(word["start_time"], word["end_time"]) for word in here.json()["timestamps"]]
    assert times == [(0, 0.1), (0.1, 0.2), (0.2, 0.3)]
    assert there.json() == here.json()


def test_a_burst_at_one_node_is_done_by_all(nodes: Cluster) -> None:
    before = nodes.nodes["rs1"].status()["jobs"]["done"]
    with nodes.held() as held:
        answers = [nodes.say("rs1", held.text) for _ in range(3)]
        nodes.wait_running(*NAMES)
    assert {maker(answer.result()) for answer in answers} == set(NAMES)
    status = nodes.nodes["rs1"].status()
    assert status["jobs"]["done"] - before == 3, "jobs are counted where they were asked for"
    metrics = nodes.nodes["rs1"].get("/metrics").text
    lent = nodes.lending("rs1", "lent", "done")
    assert f'cosyvoice_jobs_lent_total{{outcome="done"}} {lent}.0' in metrics
    other = nodes.nodes["rs2"].get("/metrics").text
    borrowed = nodes.lending("rs2", "borrowed", "done")
    assert f'cosyvoice_jobs_borrowed_total{{outcome="done"}} {borrowed}.0' in other
    assert {*status["lending"]} == {"peers", "lent_now", "lent", "borrowed"}


@pytest.mark.long
def test_a_slot_goes_to_the_job_that_has_waited_longest(nodes: Cluster) -> None:
    with nodes.occupied("rs2"), nodes.occupied("rs3"):
        with nodes.occupied("rs1"):
            older = nodes.say("rs2", "slow 0.5")
            nodes.wait_waiting(1, "rs2")
            # More than what counts as the same time.
            time.sleep(0.5)
            younger = nodes.say("rs1", "hello")
            nodes.wait_waiting(1, "rs1")
        assert maker(older.result()) == "rs1"
        assert maker(younger.result()) == "rs1"


def test_pages_queues_are_one_too(nodes: Cluster) -> None:
    client = [patient_client(nodes.nodes["rs1"].url) for _ in range(6)]
    known = {path.name for path in nodes.nodes["rs1"].outputs.glob("*.json")}

    def one(number: int, text: str) -> None:
        client[number].predict(text, "tone", 1.0, number + 1, api_name="/synthesize")

    with ThreadPoolExecutor(6) as pool:
        with nodes.held() as later:
            with nodes.held() as first:
                jobs = [pool.submit(one, number, first.text) for number in range(3)]
                nodes.wait_running(*NAMES)
                jobs += [pool.submit(one, number, later.text) for number in range(3, 6)]
                nodes.wait_waiting(3, *NAMES)
            for job in jobs[:3]:
                job.result()
            nodes.wait_waiting(0, *NAMES)
            nodes.wait_running(*NAMES)
        for job in jobs:
            job.result()
    new = [p for p in nodes.nodes["rs1"].outputs.glob("*.json") if p.name not in known]
    records = [json.loads(path.read_text()) for path in new]
    made = [record["made_by"] or record["node"] for record in records]
    # Two for each: nobody was idle while others waited.
    assert sorted(made) == sorted(NAMES * 2)


def test_a_client_that_leaves_stops_the_work_elsewhere(nodes: Cluster) -> None:
    before = {name: nodes.lending(name, "borrowed", "cancelled") for name in NAMES}
    body = {"model": "tts-1", "voice": "tone", "input": "slow 200", "response_format": "pcm"}
    with nodes.occupied("rs1"):
        with (
            nodes.nodes["rs1"].client() as client,
            client.stream("POST", "/v1/audio/speech", json=body | {"stream": True}) as answer,
        ):
            other = answer.headers["x-made-by"]
            assert next(answer.iter_raw())
        there = nodes.nodes[other]
        there.wait_until(lambda: nodes.running(other) == 0)
        there.wait_until(lambda: nodes.lending(other, "borrowed", "cancelled") == before[other] + 1)


@pytest.mark.parametrize(
    ("text", "code", "status"), [("raise", "engine_failed", 500), ("silent", "cannot_speak", 400)]
)
@pytest.mark.long
def test_failures_elsewhere_are_told_as_those_here(
    nodes: Cluster, text: str, code: str, status: int
) -> None:
    with nodes.occupied("rs1") as busy:
        answer = nodes.say("rs1", text).result()
        assert not busy.done()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_deadline_ends_the_work_elsewhere(nodes: Cluster) -> None:
    def replaced(*names: str) -> int:
        told = [nodes.nodes[name].status()["restarts"] for name in names]
        return sum(restarts.get("deadline", 0) for restarts in told)

    before = replaced("rs2", "rs3")
    with nodes.occupied("rs1") as busy:
        answer = nodes.say("rs1", "hang", timeout=1).result()
        assert not busy.done()
        assert answer.json()["error"]["code"] == "deadline"
        nodes.nodes["rs1"].wait_until(lambda: replaced("rs2", "rs3") == before + 1)
    assert replaced("rs1") == 0
    for name in NAMES:
        nodes.nodes[name].wait_ready()


def test_a_draining_node_takes_no_jobs_and_lends_its_own(nodes: Cluster) -> None:
    nodes.drain_file("rs2").touch()
    try:
        with nodes.held() as held:
            answers = [nodes.say("rs1", held.text) for _ in range(3)]
            nodes.wait_running("rs1", "rs3")
            nodes.wait_waiting(1, "rs1")
        assert {maker(answer.result()) for answer in answers} == {"rs1", "rs3"}
        with nodes.held() as held:
            answers = [nodes.say("rs2", held.text) for _ in range(3)]
            nodes.wait_running(*NAMES)
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
    signatures = Signatures(SECRET, "rs2")
    url = nodes.nodes["rs1"].url + credentials.PATH
    question = _question(age=None)
    first = credentials.written(signatures, "rs1", "waiting", question)
    untimely = _post(f"{url}waiting", question, first)
    assert untimely.status_code == UNTIMELY
    assert signatures.learn("rs1", first, untimely.headers[CLOCK])
    given = credentials.written(signatures, to, what, body)
    content = body if sent is None else sent
    return [_post(url + what, content, given) for _ in range(2)]


def _post(url: str, content: bytes, given: bytes | None = None) -> httpx.Response:
    headers = {} if given is None else {credentials.HEADER: given.decode()}
    return httpx.post(url, content=content, headers=headers, timeout=60)


def _question(**fields: object) -> bytes:
    return json.dumps({"release": KIND.release, "engine": KIND.engine, **fields}).encode()


def test_strangers_learn_nothing_and_do_nothing(nodes: Cluster) -> None:
    question = _question(age=None)
    for what in ("waiting", "offer", "job"):
        url = nodes.nodes["rs1"].url + credentials.PATH + what
        assert _post(url, question).status_code == 404
        forged = credentials.written(Signatures(b"x" * 32, "rs2"), "rs1", what, question)
        assert _post(url, question, forged).status_code == 404
    first, again = _send(nodes, "waiting", question)
    assert (first.status_code, again.status_code) == (200, 404), "a pass is good once"
    assert first.json() == {"idle": 1}
    assert _send(nodes, "waiting", question, to="rs3")[0].status_code == 404
    altered = _send(nodes, "waiting", question, sent=question.replace(b"null", b"9999"))
    assert altered[0].status_code == 404


def test_a_job_means_the_same_there_or_is_not_taken(nodes: Cluster) -> None:
    def job(kind: Kind = KIND, voice: str = "tone", limit: float = 60) -> bytes:
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
    with nodes.occupied("rs1"):
        assert _send(nodes, "job", job())[0].status_code == 409, "no slot is free"


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
    rs1, rs2 = pair.nodes["rs1"], pair.nodes["rs2"]
    with pair.occupied("rs1"), pair.stunned("rs2"):
        lent = pair.say("rs1", "noise", seed=3)
        rs1.wait_until(lambda: rs1.status()["lending"]["lent_now"] == 1)
        rs2.process.send_signal(signal.SIGKILL)
        rs1.wait_until(lambda: rs1.status()["lending"]["lent_now"] == 0)
    assert maker(lent.result()) == "rs1"
    assert pair.lending("rs1", "lent", "lost") == 1


@pytest.mark.long
def test_a_node_that_dies_in_the_middle_is_told_of(pair: Cluster) -> None:
    with pair.occupied("rs1"):
        lent = pair.say("rs1", "slow 200")
        pair.wait_running("rs2")
        time.sleep(2)
        os.killpg(pair.nodes["rs2"].process.pid, signal.SIGKILL)
        answer = lent.result()
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "node_lost"
    assert "rs2" in answer.json()["error"]["message"]
    # Nobody is left to lend to: the next ones wait here.
    assert maker(pair.say("rs1", "hello").result()) == "rs1"


@pytest.mark.long
def test_a_stopping_node_finishes_what_it_lent(pair: Cluster) -> None:
    with pair.held() as held:
        with pair.occupied("rs1"):
            lent = pair.say("rs1", held.text)
            pair.wait_running("rs2")
        rs1 = pair.nodes["rs1"]
        rs1.terminate()
        rs1.wait_until(lambda: rs1.get("/readyz").status_code == 503)
    assert maker(lent.result()) == "rs2"
    assert rs1.process.wait(60) == 0
