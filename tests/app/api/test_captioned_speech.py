"""Speech with the times of its words."""

import base64
import io
import json
import wave
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.app.node_process import NodeProcess

TEXT = "Hello, big world. It's 2026 now."
BODY = {"model": "tts-1", "input": TEXT, "voice": "en-us", "response_format": "wav", "seed": 3}


def captioned(node: NodeProcess, **body: Any) -> httpx.Response:
    with node.client() as client:
        return client.post("/dev/captioned_speech", json=BODY | body)


def check(words: list[dict[str, Any]], seconds: float) -> None:
    assert [word["word"] for word in words] == TEXT.split()
    times = [(word["start_time"], word["end_time"]) for word in words]
    assert all(0 <= start < end <= seconds + 0.01 for start, end in times)
    assert all(end <= start for (_, end), (start, _) in pairwise(times))


def test_words_and_subtitles_come_with_the_sound(node: NodeProcess) -> None:
    answer = captioned(node, stream=False, caption_format="srt", save=True)
    assert answer.headers["x-voice"] == "en-us" and answer.headers["x-output"]
    said = answer.json()
    assert said["audio_format"] == "audio/wav"
    with wave.open(io.BytesIO(base64.b64decode(said["audio"]))) as file:
        seconds = file.getnframes() / file.getframerate()
    check(said["timestamps"], seconds)
    plain = node.speak(**BODY)
    assert base64.b64decode(said["audio"]) == plain.content
    end = said["timestamps"][2]["end_time"]
    assert f"00:00:0{end:.3f}".replace(".", ",") + "\nHello, big world.\n" in said["captions"]


def test_a_stream_is_a_line_a_part(node: NodeProcess) -> None:
    answer = captioned(node, caption_format="vtt")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    words = [word for line in lines for word in line["timestamps"]]
    check(words, 60)
    sound = b"".join(base64.b64decode(line["audio"]) for line in lines)
    assert sound == node.speak(**BODY, stream=True).content
    assert [line["captions"] is None for line in lines] == [True] * (len(lines) - 1) + [False]
    assert lines[-1]["captions"].startswith("WEBVTT")


def test_words_may_be_left_out(node: NodeProcess) -> None:
    said = captioned(node, stream=False, return_timestamps=False).json()
    assert said["audio"] and (said["timestamps"], said["captions"]) == (None, None)


def test_an_engine_that_does_not_know_refuses(mimic_node: NodeProcess) -> None:
    answer = captioned(mimic_node, voice="tone")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("word_times_not_supported", "return_timestamps")
    assert "mimic" in error["message"] and "mimic" in error["message_zh"]
    assert captioned(mimic_node, voice="tone", return_timestamps=False).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"input": "你[h][ào]", "voice": "cmn"}, "marks of pronunciation"),
        ({"caption_format": "ass"}, "'srt' or 'vtt'"),
        ({"return_timestamps": "yes"}, "valid boolean"),
    ],
)
def test_what_cannot_be_is_told(node: NodeProcess, body: dict[str, object], said: str) -> None:
    answer = captioned(node, stream=False, **body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
