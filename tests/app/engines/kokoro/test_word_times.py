"""When Kokoro says its words."""

from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from app.engines.interface import SynthesisRequest
from app.engines.kokoro.engine import SAMPLE_RATE, KokoroEngine
from app.engines.kokoro.word_times import timed_words
from app.sound.samples import Samples
from app.sound.timed import Word
from tests.app.engines.kokoro.kokoro_folder import FOLDER, needs_voices
from tests.app.engines.kokoro.recogniser import recognised

pytestmark = needs_voices


def timed(engine: KokoroEngine, text: str, voice: str) -> tuple[Samples, list[Word]]:
    sound: list[Samples] = []
    words: list[Word] = []
    for piece in engine.timed(SynthesisRequest(text, voice, 1.0, 1, word_times=True)):
        begin = sum(map(len, sound))
        words += [Word(word.text, begin + word.start, begin + word.end) for word in piece.words]
        sound.append(piece.samples)
    return np.concatenate(sound), words


@pytest.mark.long
def test_words_begin_when_a_recogniser_hears_them(engine: KokoroEngine) -> None:
    text = "The quick brown fox jumps over the lazy dog, near the river bank."
    sound, words = timed(engine, text, "af_heart")
    assert [word.text for word in words] == text.split()
    told = [(word.text.lower().strip(",."), word.start / SAMPLE_RATE) for word in words]
    heard = recognised(sound)
    same = SequenceMatcher(None, [word for word, _ in told], [word for word, _ in heard])
    apart = [
        abs(told[here + step][1] - heard[there + step][1])
        for here, there, count in same.get_matching_blocks()
        for step in range(count)
    ]
    assert len(apart) >= 8
    # The recogniser has its own opinion of where a word begins; 0.06 and 0.12 were measured.
    assert sum(apart) / len(apart) < 0.1 and max(apart) < 0.2


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("zf_xiaoxiao", "你好，再[h][ào]。“GPU”用了2026年。"),
        ("af_heart", "It was one of the “best”. It cost $3.50 — really? Yes."),
    ],
)
def test_every_word_has_its_time_and_pauses_are_between_sentences(
    engine: KokoroEngine, voice: str, text: str
) -> None:
    sound, words = timed(engine, text, voice)
    assert "".join(word.text for word in words) == "".join(text.split())
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times) and times[-1] <= len(sound)
    for word, after in pairwise(words):
        if word.text[-1] in ".?。":
            middle = (word.end + after.start) // 2
            assert np.abs(sound[middle - 100 : middle + 100]).max() < 0.2 * np.abs(sound).max()


def test_the_model_with_durations_sounds_as_the_one_without(engine: KokoroEngine) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    plain = onnxruntime.InferenceSession(
        Path(FOLDER) / "kokoro-v1.0.int8.onnx", options, providers=["CPUExecutionProvider"]
    )
    tokens = np.array([[0, *range(43, 80), 0]], dtype=np.int64)
    style = engine._model.get_voice_style("af_heart")[37]
    inputs = {"tokens": tokens, "style": style, "speed": np.ones(1, np.float32)}
    (expected,) = plain.run(None, inputs)
    sound, durations = engine._model.sess.run(["audio", "duration"], inputs)
    assert (sound == expected).all()
    assert durations.shape == tokens.shape
    # A frame is 25 ms.
    assert durations.sum() * SAMPLE_RATE // 40 == len(sound)


def test_words_whose_sounds_melt_are_placed_by_those_around_them() -> None:
    class Said:
        def __init__(self, phoneme: str, start: int) -> None:
            self.phoneme, self.start, self.end = phoneme, float(start), float(start + 1)

    alone = {"one": "wʌn", "of": "ɒv", "—": "", "the": "ðə", "best.": "best."}
    timings = [Said(sound, place) for place, sound in enumerate("wʌn əvðə best.")]
    found = timed_words("one of — the best.", alone.__getitem__, timings, 1)
    assert [(word.text, word.start, word.end) for word in found] == [
        ("one", 0, 3),
        ("of", 4, 6),
        ("—", 6, 6),
        ("the", 6, 8),
        ("best.", 9, 13),
    ]
