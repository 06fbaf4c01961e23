"""Nodes whose clocks do not agree, or jump: sessions, lending and the history do not mind."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from tests.app.held import Held
from tests.app.patient_client import patient_client
from tests.app.session_routing.speech_nodes import NAMES, SpeechNodes

MINUTES, DAY = 600.0, 86400.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechNodes]:
    with SpeechNodes(tmp_path_factory.mktemp("clocks"), "--engine=faulty") as started:
        yield started


def _sessions(nodes: SpeechNodes, count: int, text: str = "hello") -> None:
    def one(number: int) -> None:
        client = patient_client(nodes.url)
        client.predict(text, "tone", 1.0, number + 1, api_name="/synthesize")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(count)))


def _not_good(nodes: SpeechNodes) -> list[str]:
    lines = [line for node in nodes.nodes.values() for line in node.raw]
    return [line for line in lines if "signature that is not valid" in line]


@pytest.mark.parametrize(
    "clocks",
    [(0.0, -MINUTES, MINUTES), (DAY, 0.0, -DAY)],
    ids=["ten minutes", "a day"],
)
def test_sessions_of_nodes_whose_clocks_do_not_agree(
    nodes: SpeechNodes, clocks: tuple[float, ...]
) -> None:
    for name, ahead in zip(NAMES, clocks, strict=True):
        nodes.set_clock(name, ahead)
    # Longer than an answer of a peer is good for.
    time.sleep(3)
    _sessions(nodes, 12)
    assert not _not_good(nodes)


def test_a_clock_that_jumps_while_sessions_run(nodes: SpeechNodes) -> None:
    over = Event()

    def keep_speaking() -> None:
        while not over.is_set():
            _sessions(nodes, 3, "slow 1")

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(keep_speaking)
        try:
            for ahead in (-DAY, MINUTES, DAY, 0.0):
                nodes.owner_at_work()
                for name in NAMES[:2]:
                    nodes.set_clock(name, ahead)
                time.sleep(0.7)
        finally:
            over.set()
        running.result()
    assert not _not_good(nodes)


def test_the_history_is_in_the_order_in_which_things_were_made(nodes: SpeechNodes) -> None:
    made = []
    for clocks in ((-DAY, MINUTES, 0.0), (0.0, -MINUTES, DAY)):
        for name, ahead in zip(NAMES, clocks, strict=True):
            nodes.set_clock(name, ahead)
            answer = nodes.nodes[name].speak(input="hello", voice="tone", save=True)
            assert answer.status_code == 200
            made.append(Path(answer.headers["x-output"]).stem)
            # Longer than the time of a file is rough.
            time.sleep(1.1)
    assert sorted(made) == made
    now = datetime.now(UTC)
    for stem in made:
        record = json.loads((nodes.outputs / f"{stem}.json").read_text())
        assert abs(datetime.fromisoformat(record["created"]) - now) < timedelta(minutes=2)


def test_jobs_are_lent_among_them(nodes: SpeechNodes, tmp_path: Path) -> None:
    for name, ahead in zip(NAMES, (0.0, -MINUTES, DAY), strict=True):
        nodes.set_clock(name, ahead)
    rs1 = nodes.nodes["rs1"]
    with ThreadPoolExecutor(3) as pool:
        with Held(tmp_path) as held:
            jobs = [pool.submit(rs1.speak, input=held.text, voice="tone") for _ in range(3)]
            rs1.wait_until(lambda: set(nodes.busy()) == set(NAMES))
        answers = [job.result() for job in jobs]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {answer.headers.get("x-made-by", "rs1") for answer in answers} == set(NAMES)
