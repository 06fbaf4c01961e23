"""The route of the older clients, on a real node."""

import base64
import io
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.held import Held
from tests.app.node_process import NodeProcess

PATH = "/AIVoice/TTS/CosyVoice2/audio-generate"


def generate(node: NodeProcess, **body: Any) -> httpx.Response:
    with node.client() as client:
        return client.post(PATH, json=body)


def outputs(node: NodeProcess) -> set[str]:
    """What is kept; the node's own files there, which may come at any time, begin with a dot."""
    return {path.name for path in node.outputs.iterdir() if not path.name.startswith(".")}


def seconds(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as file:
        return float(file.getnframes() / file.getframerate())


def test_a_request_without_a_body_speaks_a_greeting(node: NodeProcess) -> None:
    with node.client() as client:
        answer = client.post(PATH)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], body["message"]) == ("200", "成功")
    data = body["data"]
    assert data["node"] == "rs1"
    assert data["audio"] is None
    kept = node.get(data["url"])
    assert kept.headers["content-type"] == "audio/wav"
    assert seconds(kept.content) == pytest.approx(data["duration"], abs=0.01)
    assert data["duration"] > 1


def test_the_sound_in_the_answer_is_not_kept(node: NodeProcess) -> None:
    before = outputs(node)
    data = generate(node, text="你好", seed=7, answer="base64").json()["data"]
    assert (data["url"], data["seed"]) == (None, 7)
    spoken = node.speak(input="你好", seed=7)
    assert base64.b64decode(data["audio"]) == spoken.content
    assert outputs(node) == before


def test_both_in_another_format(node: NodeProcess) -> None:
    data = generate(node, text="Hello", voice="en-us", answer="both", format="flac").json()["data"]
    kept = node.get(data["url"])
    assert kept.headers["content-type"] == "audio/flac"
    assert base64.b64decode(data["audio"]) == kept.content


def test_a_voice_that_is_not_chinese_greets_in_english(node: NodeProcess) -> None:
    assert generate(node, voice="en-us", answer="base64").json()["code"] == "200"


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": 5},
        {"text": "字" * 4097},
        {"voice": "nobody"},
        {"speed": 9},
        {"format": "midi"},
        {"answer": "post"},
        {"prompt_audio": "?"},
        {"instruct_text": "开心"},
        {"nonsense": 1},
    ],
)
def test_a_wrong_request_is_999_with_status_400(node: NodeProcess, body: dict[str, Any]) -> None:
    answer = generate(node, **body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "999"
    assert answer.json()["message"]
    assert answer.json()["message_en"]


def test_busy_is_429(faulty_node: NodeProcess, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        with Held(tmp_path) as held:
            asked = {"text": held.text, "answer": "base64", "timeout": 60}
            slow = threads.submit(generate, faulty_node, **asked)
            faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 1)
            refused = generate(faulty_node, text="hello")
        assert slow.result().json()["code"] == "200"
    assert (refused.status_code, refused.json()["code"]) == (429, "429")
    assert int(refused.headers["retry-after"]) >= 1
    assert "都在忙" in refused.json()["message"]


def test_a_failing_engine_is_told(faulty_node: NodeProcess) -> None:
    answer = generate(faulty_node, text="raise")
    assert (answer.status_code, answer.json()["code"]) == (500, "500")
    assert "引擎出错" in answer.json()["message"]


def test_a_huge_body(node: NodeProcess) -> None:
    with node.client() as client:
        answer = client.post(PATH, content=b'"' + b"a" * (2 << 20) + b'"')
    assert (answer.status_code, answer.json()["code"]) == (413, "413")
