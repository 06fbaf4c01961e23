"""The engine: phonemes sentence by sentence, speech from the model."""

import logging
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..interface import (
    Capability,
    EngineInfo,
    EngineUnavailableError,
    Samples,
    SynthesisRequest,
    TimedSamples,
    Word,
)
from ..packages import declared_packages
from ..sentences import pieces
from ..voice_mix import Part, parts_of
from .durations import with_durations
from .folder import SETUP, BadFilesError, VoiceFolder, voice_folder
from .mandarin import Mandarin
from .phonemes import Phonemes
from .voices import LANGUAGE_OF, MANDARIN, VOICES
from .word_times import timed_words

if TYPE_CHECKING:
    from kokoro_onnx import Kokoro
    from kokoro_onnx.sliding import Timing

SAMPLE_RATE = 24_000
THREADS = "COSYVOICE_KOKORO_THREADS"
"""Environment variable: threads of one worker, 1 unless told."""

# Characters of a piece: at least so many that the model finds a sentence's melody, at most so
# many that their phonemes fit its 510; a Chinese character has four or five of them.
_PIECES = {True: (12, 80), False: (40, 300)}
_BATCH = 510
"""Phonemes that the model takes at once; kokoro-onnx splits what is longer."""
_BATCH_PAUSES = (0.25, 0.1)
"""Seconds of silence after a sentence and a clause at the end of a batch."""
_PAUSE = 0.25
"""Seconds of silence between pieces at speed 1: the model's own silence is cut off."""
_PACKAGES = declared_packages(Path(__file__).with_name("kokoro.toml"))


class KokoroEngine:
    """A loaded model. See ``app.engines.interface.Engine``."""

    def __init__(self, model: "Kokoro", phonemes: Phonemes) -> None:
        self._model = model
        self._phonemes = phonemes
        self._voices = {voice.id: voice for voice in VOICES}

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        """Yield speech sentence by sentence, deterministic for a request."""
        return (piece.samples for piece in self.timed(request))

    def timed(self, request: SynthesisRequest) -> Iterator[TimedSamples]:
        """Yield the same with its words, whose times are the model's own."""
        parts = parts_of(request.voice)
        language = LANGUAGE_OF[parts[0].voice]
        voice = self._voices[parts[0].voice]
        bounds = _PIECES[language is MANDARIN]
        # All of them first, so that a text that cannot be read is refused before anything is said.
        texts = [
            (piece, self._phonemes.of(piece, voice, language))
            for piece in pieces(request.text, *bounds)
        ]
        spoken = [
            (piece, sounds)
            for piece, sounds in texts
            if self._model.tokenizer.tokenize(sounds, limit=None)
        ]
        style = _take(self._style(parts), request.seed)
        pause = np.zeros(round(_PAUSE / request.speed * SAMPLE_RATE), np.float32)
        for number, (piece, sounds) in enumerate(spoken):
            samples, timings = self._create(sounds, style, request.speed)
            before = len(pause) if number else 0
            words: tuple[Word, ...] = ()
            if request.word_times:
                alone = partial(self._phonemes.of, voice=voice, language=language)
                words = timed_words(piece, alone, timings, SAMPLE_RATE)
                words = tuple(
                    replace(word, start=word.start + before, end=word.end + before)
                    for word in words
                )
            yield TimedSamples(np.concatenate([pause, samples]) if number else samples, words)

    def _style(self, parts: tuple[Part, ...]) -> Samples:
        """The style vectors of a mixture: the weighted mean of those of its voices."""
        styles = (self._model.get_voice_style(part.voice) * part.share for part in parts)
        mixed: Samples = np.sum(list(styles), axis=0, dtype=np.float32)
        return mixed

    def _create(self, sounds: str, style: Samples, speed: float) -> tuple[Samples, list["Timing"]]:
        # A piece that is one batch has the pauses that the model makes of it.
        pauses = (0.0, 0.0) if len(sounds) <= _BATCH else _BATCH_PAUSES
        samples, _, timings = self._model.create_timed(
            sounds,
            style,
            speed,
            is_phonemes=True,
            sentence_pause=pauses[0],
            clause_pause=pauses[1],
        )
        return samples, timings


def _take(style: Samples, seed: int) -> Samples:
    """The voice as a seed has it: another seed is another take.

    The model itself knows no chance. A voice has a style vector for each length of text, all of
    one speaker; a take leans a little from the one for its length towards that of another.
    """
    dice = random.Random(seed)
    shift, weight = dice.randint(-24, 24), dice.uniform(0, 0.5)
    others = np.clip(np.arange(len(style)) + shift, 0, len(style) - 1)
    blend: Samples = ((1 - weight) * style + weight * style[others]).astype(np.float32)
    return blend


class KokoroPlugin:
    """The ``app.engines.interface.EnginePlugin`` of Kokoro."""

    def describe(self) -> EngineInfo:
        _check_packages()
        _threads()
        try:
            voice_folder().look()
        except (BadFilesError, OSError) as error:
            raise _unavailable(error) from error
        return EngineInfo(
            name="kokoro",
            title="Kokoro-82M",
            sample_rate=SAMPLE_RATE,
            voices=VOICES,
            capabilities=frozenset(
                {
                    Capability.SPEED,
                    Capability.SPEED_WHILE_STREAMING,
                    Capability.SEED,
                    Capability.STREAMING,
                    Capability.PINYIN,
                    Capability.PHONEMES,
                    Capability.WORD_TIMES,
                    Capability.VOICE_MIXING,
                }
            ),
            warm_up_text="你好，hello",
        )

    def load(self) -> KokoroEngine:
        _check_packages()
        folder = voice_folder()
        try:
            folder.verify()
        except (BadFilesError, OSError) as error:
            raise _unavailable(error) from error
        # The model's folder is writable only while it is set up; jieba does without a cache then.
        return _loaded(folder, _threads())


def _loaded(folder: VoiceFolder, threads: int) -> KokoroEngine:
    import onnxruntime
    from kokoro_onnx import Kokoro

    # "1 utterances containing language switches" on standard error, outside the log.
    logging.getLogger("phonemizer").setLevel(logging.ERROR)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    with with_durations(folder.model) as file:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        model = Kokoro.from_session(session, str(folder.voices))
    tokenizer = model.tokenizer
    phonemes = Phonemes(tokenizer.phonemize, frozenset(tokenizer.vocab), Mandarin(folder.path))
    return KokoroEngine(model, phonemes)


def _threads() -> int:
    told = os.environ.get(THREADS) or "1"
    if not told.isascii() or not told.isdigit() or not 1 <= int(told) <= 256:
        raise EngineUnavailableError(f"{THREADS} is {told!r}, not a number from 1 to 256")
    return int(told)


def _check_packages() -> None:
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise EngineUnavailableError(
            f"engine kokoro needs the Python packages {', '.join(missing)}: "
            "pip install 'cosyvoice-cluster[kokoro]'"
        )


def _unavailable(error: Exception) -> EngineUnavailableError:
    return EngineUnavailableError(f"engine kokoro: {error}; fetch its files with: {SETUP}")


plugin = KokoroPlugin()
