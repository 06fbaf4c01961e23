"""The embedded engine really speaks."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from app.engines.espeak import EspeakEngine, plugin
from app.engines.interface import CannotSpeakError, SynthesisRequest
from app.sound.samples import Samples
from tests.app.node_process import ROOT

INFO = plugin.describe()
HELLO = {
    "zh": "你好，欢迎使用语音合成。",
    "ja": "こんにちは、せかい。",
    "ko": "안녕하세요, 여러분.",
    "ru": "Привет, мир. Как дела?",
}


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return plugin.load()


def speak(
    engine: EspeakEngine, text: str, voice: str = "cmn", speed: float = 1.0, seed: int = 1
) -> Samples:
    return np.concatenate(list(engine.synthesize(SynthesisRequest(text, voice, speed, seed))))


def seconds(samples: Samples) -> float:
    return len(samples) / INFO.sample_rate


def loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def digest(samples: Samples) -> str:
    return hashlib.sha256(samples.tobytes()).hexdigest()


@pytest.mark.parametrize("voice", [voice.id for voice in INFO.voices])
def test_every_voice_speaks_its_language(engine: EspeakEngine, voice: str) -> None:
    known = INFO.voice(voice)
    assert known is not None
    sound = speak(engine, HELLO.get(known.language[:2], "Hola amigo, buenos dias."), voice)
    assert 0.5 < seconds(sound) < 6
    assert loudness(sound) > 0.03
    assert np.abs(sound).max() <= 1
    # Speech has pauses and syllables: its loudness goes up and down, a tone's or noise's does not.
    frames = sound[: len(sound) // 441 * 441].reshape(-1, 441)
    levels = np.sqrt((frames**2).mean(axis=1))
    assert levels.std() > 0.5 * levels.mean()


def test_duration_grows_with_the_text(engine: EspeakEngine) -> None:
    one = seconds(speak(engine, "今天天气很好，我们去公园散步。"))
    four = seconds(speak(engine, "今天天气很好，我们去公园散步。" * 4))
    assert 3.5 * one < four < 4.5 * one


def test_speed_changes_the_duration(engine: EspeakEngine) -> None:
    text = "今天天气很好，我们去公园散步，然后回家吃饭。"
    slow, normal, fast = (seconds(speak(engine, text, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert 1.8 < slow / normal < 2.5
    assert 1.8 < normal / fast < 2.5


def test_equal_requests_give_equal_bytes_whatever_came_before(engine: EspeakEngine) -> None:
    text = "相同的种子，相同的声音。Same seed, same sound."
    first = digest(speak(engine, text, seed=7))
    speak(engine, "Something else entirely, hissing.", "en-us-female", seed=3)
    assert digest(speak(engine, text, seed=7)) == first
    assert digest(speak(plugin.load(), text, seed=7)) == first
    assert digest(speak(engine, text, seed=8)) != first


def test_equal_bytes_though_somebody_else_holds_the_library(engine: EspeakEngine) -> None:
    text = "Same seed, same sound."
    first = digest(speak(engine, text, "en-us", seed=7))
    code = f"""
import ctypes, espeakng_loader
held = ctypes.CDLL(espeakng_loader.get_library_path())
from tests.app.engines.test_espeak import digest, plugin, speak
print(*(digest(speak(plugin.load(), {text!r}, "en-us", seed=7)) for _ in range(2)))
"""
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [first, first]


@pytest.mark.parametrize("voice", ["cmn", "cmn-female", "yue", "en-us"])
def test_another_seed_is_another_take_as_loud_and_long(engine: EspeakEngine, voice: str) -> None:
    takes = [speak(engine, "one two three", voice, seed=seed) for seed in range(1, 7)]
    assert len({digest(take) for take in takes}) > 4
    assert max(map(loudness, takes)) < 2 * min(map(loudness, takes))
    assert max(map(seconds, takes)) < 1.2 * min(map(seconds, takes))


def test_different_texts_sound_different(engine: EspeakEngine) -> None:
    assert digest(speak(engine, "你好")) != digest(speak(engine, "再见"))


def test_a_long_text_comes_in_pieces(engine: EspeakEngine) -> None:
    text = "这是一个很长的句子，用来检查分段合成。" * 30
    assert len(list(engine.synthesize(SynthesisRequest(text, "cmn", 1.0, 1)))) > 3


@pytest.mark.parametrize(
    ("voice", "text", "said"),
    [("en-us", "Hello 世界", "世"), ("ja", "日本", "日"), ("cmn", "こんにちは", "こ")],
)
def test_characters_a_voice_cannot_read_are_refused(
    engine: EspeakEngine, voice: str, text: str, said: str
) -> None:
    with pytest.raises(CannotSpeakError) as caught:
        speak(engine, text, voice)
    assert f"(first: {said})" in caught.value.en
    assert said in caught.value.zh


def test_stopping_early_leaves_the_engine_usable(engine: EspeakEngine) -> None:
    expected = digest(speak(engine, "你好"))
    stream = iter(engine.synthesize(SynthesisRequest("你好。" * 200, "cmn", 1.0, 1)))
    next(stream)
    del stream
    assert digest(speak(engine, "你好")) == expected
