"""Everything that is wrong with a request: a 4xx with a message, and nothing left on a disk."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.node_process import NodeProcess
from tests.app.voices.test_voices import left_over, wait_clean

SPEECH = "/v1/audio/speech"
VOICES = "/v1/audio/voices"
GENERATE = "/AIVoice/TTS/CosyVoice2/audio-generate"

TEXTS = {
    "empty": "",
    "white space": " \n\t\u3000",
    "100k characters": "字" * 100_000,
    "a control character": "你好\x07",
    "a NUL": "\x00",
    "half a surrogate pair": "\ud83d",
    "emoji only": "😀🎉👩‍👩‍👧",
    "punctuation only": "……！？",
}
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"model": "\xff"}',
    "an array": b"[]",
    "a number": b"1",
    "null": b"null",
    "deep": b'{"model":' * 50_000,
    "a number of 10,000 digits": b'{"model": "tts-1", "input": "hi", "seed": '
    + b"9" * 10_000
    + b"}",
    "not a number": b'{"model": "tts-1", "input": "hi", "speed": NaN}',
    "infinity": b'{"model": "tts-1", "input": "hi", "speed": 1e999}',
}
WRONG_TYPES: dict[str, Any] = {
    "input": 5,
    "voice": ["tone"],
    "speed": "fast",
    "seed": "7",
    "response_format": None,
    "stream": "perhaps",
    "timeout": {},
    "reference": 3,
    "save": 2,
}


@pytest.fixture(autouse=True)
def nothing_stays(mimic_node: NodeProcess) -> Iterator[None]:
    before = left_over(mimic_node)
    yield
    assert before == []
    wait_clean(mimic_node)
    assert mimic_node.get("/healthz").status_code == 200


def refused(node: NodeProcess, path: str, **request: Any) -> dict[str, Any]:
    """The error that a request gets, in the shape of its route."""
    with node.client() as client:
        answer = client.post(path, **request)
    assert 400 <= answer.status_code < 500, answer.text
    body: dict[str, Any] = answer.json()
    told = body if path == GENERATE else body["error"]
    assert told["message"]
    assert "Traceback" not in answer.text
    return told


@pytest.mark.parametrize("what", TEXTS)
def test_texts(mimic_node: NodeProcess, what: str) -> None:
    for path, field in ((SPEECH, "input"), (GENERATE, "text")):
        content = json.dumps({"model": "tts-1"} if path == SPEECH else {})
        content = content[:-1] + (", " if path == SPEECH else "")
        content += f'"{field}": {json.dumps(TEXTS[what])}' + "}"
        refused(mimic_node, path, content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("what", BODIES)
def test_bodies(mimic_node: NodeProcess, what: str) -> None:
    headers = {"Content-Type": "application/json"}
    refused(mimic_node, SPEECH, content=BODIES[what], headers=headers)


@pytest.mark.parametrize("field", WRONG_TYPES)
def test_types(mimic_node: NodeProcess, field: str) -> None:
    body = {"model": "tts-1", "input": "你好", field: WRONG_TYPES[field]}
    told = refused(mimic_node, SPEECH, json=body)
    assert told["param"].startswith(field)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_content_types(mimic_node: NodeProcess, kind: str) -> None:
    content = b'{"model": "tts-1", "input": "hello"}'
    refused(mimic_node, SPEECH, content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.wav", "a\x00b.wav", "C:x"]
)
def test_path_tricks_in_names(mimic_node: NodeProcess, name: str, tmp_path: Path) -> None:
    files = {"audio_sample": (name, b"no sound")}
    refused(mimic_node, VOICES, data={"name": name}, files=files)
    for field in ("voice", "model", "response_format"):
        body = {"model": "tts-1", "input": "你好", field: name}
        refused(mimic_node, SPEECH, json=body)


def test_forms(mimic_node: NodeProcess) -> None:
    refused(mimic_node, VOICES, data={"name": "x"})
    refused(mimic_node, VOICES, files={"audio_sample": ("x.wav", b"x")})
    refused(mimic_node, VOICES, files={"audio_sample": ("x.wav", b"")}, data={"name": "x"})
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(mimic_node, VOICES, content=b"--x\r\nbroken", headers=headers)
    refused(mimic_node, VOICES, data={f"field{n}": "x" for n in range(5000)})


@pytest.mark.parametrize("path", [SPEECH, VOICES, GENERATE])
def test_huge_bodies(mimic_node: NodeProcess, path: str) -> None:
    # By hand: a client that means to send what it announces would have to hold it.
    connection = http.client.HTTPConnection(mimic_node.url.removeprefix("http://"))
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert (answer.status, b"longer than" in answer.read()) == (413, True)
    connection.close()
