"""A whole node with the engine: from an upload to sound, over HTTP."""

import base64
import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.audio.sounds import speech_like, write
from tests.app.engines.cosyvoice.conftest import stand_in
from tests.app.node_process import NodeProcess, running


@pytest.fixture(scope="module")
def cosyvoice_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("cosyvoice-node")
    environment = stand_in(folder, 3).environment
    with running(folder, "--engine", "cosyvoice3", "--enable-queue", **environment) as started:
        started.wait_ready()
        yield started


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A stereo recording as a browser makes it."""
    path = tmp_path_factory.mktemp("uploads") / "me.webm"
    return encoded(write(path, speech_like(4.0, 48000), 48000, "libopus"))


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def seconds(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as file:
        assert file.getframerate() == 24000
        frames: int = file.getnframes()
    return frames / 24000


def spoken(node: NodeProcess, **body: Any) -> bytes:
    response = node.speak(response_format="wav", stream=False, seed=7, **body)
    assert response.status_code == 200, response.text
    return response.content


def test_every_way_to_ask_gives_sound_and_the_same_again(
    cosyvoice_node: NodeProcess, upload: str
) -> None:
    clone = {"reference": upload, "reference_text": "今天天气很好。"}
    asked: list[dict[str, Any]] = [
        {"input": "你好，世界。", "voice": "中文女"},
        {"input": "你好，世界。", **clone},
        {"input": "Hello, world.", "reference": upload, "mode": "cross_lingual"},
        {"input": "你好，世界。", "reference": upload, "instructions": "请用四川话表达。"},
        {"mode": "convert", "source": upload, "reference": upload},
        {"input": "你好，[h][ào]客。", **clone},
    ]
    heard = [spoken(cosyvoice_node, **{"input": "", **body}) for body in asked]
    assert all(seconds(content) > 0.2 for content in heard)
    assert len(set(heard)) == len(heard)
    assert [spoken(cosyvoice_node, **{"input": "", **body}) for body in asked] == heard


def test_speed_is_kept(cosyvoice_node: NodeProcess) -> None:
    text = "今天天气很好，我们去公园散步。"
    normal = seconds(spoken(cosyvoice_node, input=text, voice="中文女"))
    fast = seconds(spoken(cosyvoice_node, input=text, voice="中文女", speed=2))
    assert fast == pytest.approx(normal / 2, rel=0.05)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reference": base64.b64encode(b"no sound").decode()}, "clip_unreadable"),
        ({"voice": "中文女", "input": "[h][ao4]"}, "annotation_wrong"),
        ({"voice": "中文女", "input": "<|endofprompt|>你好"}, "cannot_speak"),
        ({"voice": "没有"}, "voice_unknown"),
    ],
)
def test_what_is_wrong_is_refused(
    cosyvoice_node: NodeProcess, body: dict[str, Any], code: str
) -> None:
    response = cosyvoice_node.speak(**{"input": "你好", **body})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code


def test_what_users_write_is_not_in_the_log(cosyvoice_node: NodeProcess) -> None:
    """The public code logs every text it speaks."""
    spoken(cosyvoice_node, input="秘密的话。", voice="中文女")
    assert not [line for line in cosyvoice_node.raw if "秘密" in line]
