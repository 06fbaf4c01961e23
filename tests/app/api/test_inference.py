"""The routes of CosyVoice's own server, asked as its own client asks: by GET, with a form."""

from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.app.audio.sounds import silence, speech_like, write
from tests.app.node_process import NodeProcess
from tests.app.voices.test_voices import left_over


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("clip") / "zero_shot_prompt.wav", speech_like(3.0))


def asked(
    node: NodeProcess, way: str, form: dict[str, str | Path], method: str = "GET"
) -> httpx.Response:
    files = {
        name: (name, value.read_bytes(), "application/octet-stream")
        for name, value in form.items()
        if isinstance(value, Path)
    }
    data = {name: value for name, value in form.items() if isinstance(value, str)}
    return httpx.request(
        method, f"{node.url}/inference_{way}", data=data, files=files or None, timeout=60
    )


def seconds(answer: httpx.Response) -> float:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    samples = np.frombuffer(answer.content, "<i2")
    assert np.abs(samples.astype(int)).max() > 100
    return len(samples) / int(answer.headers["x-sample-rate"])


def test_a_voice_of_the_engine(node: NodeProcess) -> None:
    form: dict[str, str | Path] = {"tts_text": "你好，欢迎使用语音合成。", "spk_id": "cmn-female"}
    by_get, by_post = (asked(node, "sft", form, method) for method in ("GET", "POST"))
    assert 1 < seconds(by_get) < 6
    # Each with a seed of its own, and so a tempo.
    assert seconds(by_post) == pytest.approx(seconds(by_get), rel=0.2)
    seed = int(by_get.headers["x-seed"])
    whole = node.speak(input=form["tts_text"], voice=form["spk_id"], seed=seed)
    assert whole.content[44:] == by_get.content


def test_the_ways_that_take_a_recording(mimic_node: NodeProcess, recording: Path) -> None:
    # Other tests' outputs are there as well.
    before = set(left_over(mimic_node))
    prompt = {"prompt_wav": recording}
    hello: dict[str, str | Path] = {"tts_text": "你好", **prompt}
    made = [
        asked(mimic_node, "zero_shot", {**hello, "prompt_text": "嗡嗡"}),
        asked(mimic_node, "cross_lingual", {**hello, "tts_text": "hello"}),
        asked(mimic_node, "instruct2", {**hello, "instruct_text": "用四川话说"}),
    ]
    assert [seconds(one) for one in made] == pytest.approx([3, 3, 3], abs=0.3)
    converted = asked(mimic_node, "vc", {"source_wav": recording, **prompt})
    assert seconds(converted) == pytest.approx(6, abs=0.3)
    mimic_node.wait_until(lambda: set(left_over(mimic_node)) <= before, 30)


@pytest.mark.parametrize(
    ("way", "form", "field", "said"),
    [
        ("sft", {"tts_text": "你好"}, "spk_id", "required"),
        ("sft", {"tts_text": " ", "spk_id": "cmn"}, "input", "no text"),
        ("sft", {"tts_text": "你好", "spk_id": "中文女"}, "voice", "no voice '中文女'"),
        ("zero_shot", {"tts_text": "你好", "prompt_text": "词"}, "prompt_wav", "required"),
        (
            "instruct",
            {"tts_text": "你好", "spk_id": "cmn", "instruct_text": "开心"},
            "",
            "recordings",
        ),
    ],
)
def test_a_wrong_form_is_told_which_field(
    node: NodeProcess, way: str, form: dict[str, str | Path], field: str, said: str
) -> None:
    answer = asked(node, way, form)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert said in error["message"]
    assert not field or error["param"] == field


def test_a_recording_that_is_none(mimic_node: NodeProcess, tmp_path: Path) -> None:
    before = set(left_over(mimic_node))
    empty, quiet = tmp_path / "empty.wav", write(tmp_path / "quiet.wav", silence(2.0))
    empty.touch()
    for path in (empty, quiet):
        answer = asked(mimic_node, "cross_lingual", {"tts_text": "hello", "prompt_wav": path})
        assert answer.status_code == 400, answer.text
    mimic_node.wait_until(lambda: set(left_over(mimic_node)) <= before, 30)
