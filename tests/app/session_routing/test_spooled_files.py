"""Finished audio that one node keeps until the shared folder works again is to be had from all."""

import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from app.access.browsers import COOKIE, new_token
from tests.app import file_systems
from tests.app.file_systems import needs_root
from tests.app.session_routing.speech_nodes import NAMES, SpeechNodes

pytestmark = needs_root


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechNodes]:
    folder = tmp_path_factory.mktemp("spooled")
    uploads = f"--temp-dir={folder / 'uploads'}"
    with (
        file_systems.small(folder / "outputs"),
        SpeechNodes(folder, "--engine=faulty", uploads) as started,
    ):
        file_systems.set_read_only(folder / "outputs", True)
        yield started


def _kept(nodes: SpeechNodes, name: str) -> tuple[str, bytes]:
    """An output that the node keeps, by its path, and what it sounds like."""
    answer = nodes.nodes[name].speak(input="noise", voice="tone", save=True)
    assert answer.status_code == 200, answer.text
    assert nodes.nodes[name].status()["storage"]["spooled"]
    return answer.headers["x-output"], answer.content


def test_every_node_gives_what_one_keeps(nodes: SpeechNodes) -> None:
    path, sound = _kept(nodes, "rs2")
    for name in NAMES:
        answer = nodes.nodes[name].get(path)
        assert (answer.status_code, answer.content) == (200, sound)
        assert answer.headers["x-node"] == "rs2"
        assert answer.headers["content-type"] == "audio/wav"


def test_a_player_may_seek_in_it(nodes: SpeechNodes) -> None:
    path, sound = _kept(nodes, "rs2")
    for name in NAMES:
        with nodes.nodes[name].client() as client:
            part = client.get(path, headers={"Range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, sound[100:200])
            assert part.headers["content-range"] == f"bytes 100-199/{len(sound)}"
            beyond = client.get(path, headers={"Range": f"bytes={len(sound)}-"})
            assert beyond.status_code == 416


def test_what_one_keeps_is_its_owners_on_every_node(nodes: SpeechNodes) -> None:
    """The cookie goes along to whichever node serves; nobody else gets anything, from any."""
    mine, theirs = ({COOKIE: new_token()} for _ in range(2))
    body = {"model": "tts-1", "input": "noise", "voice": "tone", "save": True, "stream": False}
    with httpx.Client(base_url=nodes.nodes["rs2"].url, cookies=mine, timeout=60) as client:
        made = client.post("/v1/audio/speech", json=body | {"response_format": "wav"})
    path = made.headers["x-output"]

    def ask(name: str, cookies: dict[str, str], method: str = "GET") -> httpx.Response:
        with httpx.Client(base_url=nodes.nodes[name].url, cookies=cookies, timeout=60) as client:
            return client.request(method, path)

    for name in NAMES:
        assert ask(name, mine).content == made.content
        assert [ask(name, of).status_code for of in (theirs, {})] == [404, 404]
        assert [ask(name, of, "DELETE").status_code for of in (theirs, {})] == [404, 404]
    assert ask("rs1", mine, "DELETE").status_code == 200
    assert [ask(name, mine).status_code for name in NAMES] == [404] * 3


def test_what_nobody_has_is_not_looked_for_in_a_circle(nodes: SpeechNodes) -> None:
    path, _ = _kept(nodes, "rs2")
    for gone in (f"{path[:-5]}{'0' if path[-5] != '0' else '1'}.wav", path.replace("-rs2-", "-x-")):
        seen = {name: len(nodes.nodes[name].raw) for name in NAMES}
        assert nodes.nodes["rs1"].get(gone).status_code == 404
        asked = [
            name
            for name in NAMES
            for line in nodes.nodes[name].raw[seen[name] :]
            if gone in line and '"request"' in line
        ]
        assert len(asked) <= 2, asked


def test_it_is_told_within_seconds_that_its_keeper_is_away(nodes: SpeechNodes) -> None:
    path, sound = _kept(nodes, "rs2")
    stunned = nodes.nodes["rs2"].process.pid
    os.kill(stunned, signal.SIGSTOP)
    try:
        for wait in (0, 3):
            time.sleep(wait)
            began = time.monotonic()
            assert nodes.nodes["rs1"].get(path).status_code == 404
            assert time.monotonic() - began < 30
    finally:
        os.kill(stunned, signal.SIGCONT)
    rs1 = nodes.nodes["rs1"]
    rs1.wait_until(lambda: rs1.get(path).content == sound)
    nodes.kill("rs2")
    assert httpx.get(rs1.url + path, timeout=30).status_code == 404
