"""The scripts that run on hosts, run here as they are run there: through a shell, over stdin."""

import array
import io
import json
import math
import random
import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from provisioning.engine.observe import run_fragments
from provisioning.facts.probe import ProbeError, answer, python_probe
from provisioning.resources.base import Observation
from provisioning.transport.local import LocalTransport
from tests.ports import refusing_port
from tests.processes import wait_until

RATE = 16000


def run(name: str, argument: object) -> Any:
    found = run_fragments(
        "here", LocalTransport(), {"probe": python_probe(name, argument)}, root=False, timeout=60
    )
    return answer(found["probe"])


class Node(BaseHTTPRequestHandler):
    """A node that counts the connections it has open at a time, and speaks."""

    protocol_version = "HTTP/1.1"
    counting = threading.Lock()
    open_now, most = 0, 0
    sound = b""
    refusals: ClassVar[list[tuple[int, str]]] = []
    """Statuses with their Retry-After, one for each of the next jobs."""

    def setup(self) -> None:
        super().setup()
        with self.counting:
            Node.open_now += 1
            Node.most = max(Node.most, Node.open_now)

    def finish(self) -> None:
        super().finish()
        with self.counting:
            Node.open_now -= 1

    def reply(self, status: int, body: bytes, later: str = "") -> None:
        self.send_response(status)
        if later:
            self.send_header("Retry-After", later)
        self.send_header("X-Node", "rs1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.reply(503 if self.path == "/busy" else 200, '{"node": "rs1", "说": "好"}'.encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.refusals:
            status, later = self.refusals.pop(0)
            self.reply(status, "忙".encode(), later)
        elif "你好" in body["input"]:
            self.reply(200, self.sound)
        else:
            self.reply(422, "没有文本".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def target(port: int, path: str = "/cluster/status", times: int = 1) -> dict[str, object]:
    return {"address": "127.0.0.1", "port": port, "tls": False, "path": path, "times": times}


def test_gets_are_made_on_connections_of_their_own_that_stay_open(port: int) -> None:
    # Those of the test before may be on their way out.
    wait_until(lambda: Node.open_now == 0)
    Node.most = 0
    replies = run("http_get", {"timeout": 30, "targets": {"all": target(port, times=5)}})
    assert [reply["status"] for reply in replies["all"]] == [200] * 5
    assert json.loads(replies["all"][0]["text"])["说"] == "好"
    assert Node.most == 5


def test_what_a_refusal_says_is_told(port: int) -> None:
    replies = run("http_get", {"timeout": 30, "targets": {"busy": target(port, "/busy")}})
    assert replies["busy"][0]["status"] == 503


def test_a_dead_port_is_given_up_after_three_failures() -> None:
    with refusing_port() as port:
        replies = run("http_get", {"timeout": 30, "targets": {"all": target(port, times=12)}})
    assert len(replies["all"]) == 3
    assert "refused" in replies["all"][0]["error"]


def wav(samples: list[float], width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(width)
        writer.setframerate(RATE)
        if width == 2:
            writer.writeframes(array.array("h", [int(s * 32767) for s in samples]).tobytes())
        else:
            writer.writeframes(bytes(int(128 + 127 * s) for s in samples))
    return file.getvalue()


def spoken(port: int, sound: bytes, text: str = "你好 hello") -> dict[str, Any]:
    Node.sound = sound
    asked = {**target(port, "/v1/audio/speech"), "body": {"input": text}, "timeout": 30}
    found: dict[str, Any] = run("speech", asked)
    return found


def test_levels_of_a_sound_with_pauses_are_measured(port: int) -> None:
    tone = [0.5 * math.sin(2 * math.pi * 220 * n / RATE) for n in range(RATE)]
    found = spoken(port, wav([*tone, *([0.0] * RATE)]))
    assert (found["status"], found["node"], found["rate"]) == (200, "rs1", RATE)
    assert found["length"] == pytest.approx(2.0)
    # A sine of half the full scale has a power of 1/8, which is -9 dB; half of it is silence.
    assert found["loudest"] == pytest.approx(-9.0, abs=0.2)
    assert found["level"] == pytest.approx(-12.0, abs=0.2)
    assert found["softest"] < -90


def test_who_is_busy_is_asked_again(port: int) -> None:
    Node.refusals[:] = [(503, "1"), (429, "0")]
    assert spoken(port, wav([0.1] * RATE))["status"] == 200
    assert Node.refusals == []


@pytest.mark.parametrize("refusal", [(503, ""), (503, "3600"), (422, "1")])
def test_who_refuses_for_good_is_not(port: int, refusal: tuple[int, str]) -> None:
    Node.refusals[:] = [refusal, (500, "")]
    found = spoken(port, b"")
    assert (found["status"], found["error"]) == (refusal[0], "忙")
    assert Node.refusals.pop() == (500, "")


def test_silence_and_noise_are_told_from_speech_by_their_levels(port: int) -> None:
    silent = spoken(port, wav([0.0] * RATE))
    assert silent["level"] < -90
    noise = random.Random(1)
    even = spoken(port, wav([noise.uniform(-0.3, 0.3) for _ in range(RATE)]))
    assert even["loudest"] - even["softest"] < 3


@pytest.mark.parametrize(
    ("sound", "said"),
    [(b"<html></html>", "RIFF"), (b"", "cut short"), (wav([0.1] * RATE, width=1), "8 bits")],
)
def test_what_is_no_16_bit_wav_is_said_to_be_none(port: int, sound: bytes, said: str) -> None:
    assert said in spoken(port, sound)["error"]


def test_a_refusal_is_shown_in_its_own_words(port: int) -> None:
    found = spoken(port, b"", text="hello")
    assert (found["status"], found["error"]) == (422, "没有文本")


def test_a_probe_that_cannot_start_says_why() -> None:
    fragment = python_probe("http_get", {}, python="/nowhere/bin/python")
    found = run_fragments("here", LocalTransport(), {"probe": fragment}, root=False)
    with pytest.raises(ProbeError, match="/nowhere/bin/python"):
        answer(found["probe"])
    with pytest.raises(ProbeError, match="status 137"):
        answer(Observation("", "", 137))


def test_loopback_is_local_and_has_no_owner() -> None:
    found = run("neighbour", ["127.0.0.1"])["127.0.0.1"]
    assert (found["route"], found["owners"]) == ("local", None)
