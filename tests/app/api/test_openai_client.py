"""The official `openai` client, unmodified, against a real node."""

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import openai
import pytest

from tests.app.held import Held
from tests.app.node_process import NodeProcess


def client_of(node: NodeProcess, key: str = "unused") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{node.url}/v1", api_key=key, max_retries=0, timeout=60)


@pytest.fixture
def client(node: NodeProcess) -> Iterator[openai.OpenAI]:
    with client_of(node) as opened:
        yield opened


def seconds_of(content: bytes) -> float:
    with av.open(io.BytesIO(content), "r") as file:
        frames = list(file.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


def test_the_default_is_mp3(client: openai.OpenAI) -> None:
    answer = client.audio.speech.create(model="tts-1", voice="en-us", input="Hello, how are you?")
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert 0.8 < seconds_of(answer.content) < 4


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
    ],
)
def test_every_format_streamed_to_a_file(
    client: openai.OpenAI, tmp_path: Path, name: str, media_type: str
) -> None:
    path = tmp_path / "speech"
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice={"id": "cmn-female"},
        input="你好，欢迎使用语音合成。",
        response_format=name,  # type: ignore[arg-type]
    ) as answer:
        assert answer.headers["content-type"] == media_type
        assert answer.headers["transfer-encoding"] == "chunked"
        answer.stream_to_file(path)
    assert 1 < seconds_of(path.read_bytes()) < 6


def test_events_carry_the_same_file(client: openai.OpenAI) -> None:
    body = {"model": "tts-1", "voice": "en-us", "input": "Hello.", "response_format": "mp3"}
    whole = client.audio.speech.create(**body, extra_body={"seed": 3})  # type: ignore[arg-type]
    streamed = client.audio.speech.create(
        **body,  # type: ignore[arg-type]
        stream_format="sse",
        extra_body={"seed": 3},
    )
    *deltas, done = sse(streamed.content)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == whole.content
    assert done["type"] == "speech.audio.done"
    assert done["usage"] == {"input_tokens": 6, "output_tokens": 0, "total_tokens": 6}
    assert done["seed"] == 3


def sse(content: bytes) -> list[dict[str, Any]]:
    blocks = content.decode().removesuffix("\n\n").split("\n\n")
    assert all(block.startswith("data: ") for block in blocks)
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def test_a_wrong_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        client.audio.speech.create(model="tts-1", voice="en-us", input="Hi", speed=4.1)
    assert told.value.param == "speed"
    assert told.value.code == "speed_out_of_range"
    assert "not between 0.5 and 2" in told.value.message


def test_busy(faulty_node: NodeProcess, tmp_path: Path) -> None:
    with client_of(faulty_node) as client, ThreadPoolExecutor(1) as threads:
        with Held(tmp_path) as held:
            slow = threads.submit(
                client.audio.speech.create,
                model="tts-1",
                voice="tone",
                input=held.text,
                extra_body={"timeout": 60},
            )
            faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 1)
            with pytest.raises(openai.RateLimitError) as told:
                client.audio.speech.create(model="tts-1", voice="tone", input="hello")
        assert slow.result().content
    assert int(told.value.response.headers["retry-after"]) >= 1


def test_a_stream_that_fails_does_not_look_finished(faulty_node: NodeProcess) -> None:
    with client_of(faulty_node) as client, pytest.raises(openai.APIConnectionError):
        client.audio.speech.create(model="tts-1", voice="tone", input="crash")
    faulty_node.wait_ready()


def test_models(client: openai.OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert listed == ["espeak", "gpt-4o-mini-tts", "tts-1", "tts-1-hd"]
    assert client.models.retrieve("tts-1").owned_by == client.models.retrieve("espeak").owned_by
    with pytest.raises(openai.NotFoundError, match=r"models: espeak, "):
        client.models.retrieve("whisper-1")


def test_the_list_that_open_webui_asks_for(node: NodeProcess) -> None:
    models = node.get("/v1/audio/models").json()["models"]
    assert models[0] == {"id": "espeak", "name": "espeak"}
