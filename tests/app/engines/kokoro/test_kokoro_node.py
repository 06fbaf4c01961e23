"""A whole node that chose Kokoro by itself."""

import io
import json
import wave
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from app.engines.kokoro.folder import VARIABLE
from tests.app.engines.kokoro.kokoro_folder import FOLDER, needs_voices
from tests.app.node_process import NodeProcess, running

pytestmark = needs_voices


@pytest.fixture(scope="module")
def kokoro_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("kokoro")
    options = {VARIABLE: FOLDER, "COSYVOICE_ENGINE": "auto"}
    with running(folder, "--enable-queue", "--node-name", "rs1", **options) as started:
        started.wait_ready(240)
        yield started


def test_it_speaks_with_marks_and_every_line_of_its_log_is_json(kokoro_node: NodeProcess) -> None:
    assert kokoro_node.status()["engine"]["name"] == "kokoro"
    answer = kokoro_node.speak(
        input="他的爱[h][ào]是 music。", voice="zf_xiaoxiao", seed=3, response_format="wav"
    )
    assert answer.status_code == 200, answer.text
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getframerate() == 24000
        assert 0.8 < file.getnframes() / 24000 < 4
    assert all(isinstance(json.loads(line), dict) for line in list(kokoro_node.raw))


def test_what_a_voice_cannot_read_is_the_askers_error(kokoro_node: NodeProcess) -> None:
    answer = kokoro_node.speak(input="Hello 世界", voice="af_heart")
    assert answer.status_code == 400
    assert "cannot read the character '世'" in answer.json()["error"]["message"]


def test_captions_of_a_mixture_come_as_it_speaks(kokoro_node: NodeProcess) -> None:
    body = {
        "model": "kokoro",
        "input": "**Good morning**, everybody. 🎉\n\nIt is a fine day for a walk in the park.",
        "voice": "af_bella(2)+af_sky",
        "caption_format": "srt",
        "seed": 3,
    }
    with kokoro_node.client() as client:
        answer = client.post("/dev/captioned_speech", json=body)
    assert answer.status_code == 200, answer.text
    assert unquote(answer.headers["x-voice"]) == "af_bella(2)+af_sky"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    words = [word["word"] for line in lines for word in line["timestamps"]]
    assert " ".join(words) == "Good morning, everybody. It is a fine day for a walk in the park."
    assert "Good morning, everybody.\n" in lines[-1]["captions"]
