"""The engine: phonemes sentence by sentence, speech from the model."""

import logging
import os
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.engines.interface import (
    Capability,
    EngineInfo,
    EngineUnavailableError,
    Samples,
    SynthesisRequest,
)
from app.engines.kokoro.folder import SETUP, BadFilesError, VoiceFolder, voice_folder
from app.engines.kokoro.mandarin import Mandarin
from app.engines.kokoro.phonemes import Phonemes
from app.engines.kokoro.voices import LANGUAGE_OF, MANDARIN, VOICES
from app.engines.packages import declared_packages
from app.engines.sentences import pieces

if TYPE_CHECKING:
    from kokoro_onnx import Kokoro

SAMPLE_RATE = 24_000
THREADS = "COSYVOICE_KOKORO_THREADS"
"""Environment variable: threads of one worker, 1 unless told."""

# Characters of a piece: at least so many that the model finds a sentence's melody, at most so
# many that their phonemes fit its 510; a Chinese character has four or five of them.
_PIECES = {True: (12, 80), False: (40, 300)}
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
        language = LANGUAGE_OF[request.voice]
        voice = self._voices[request.voice]
        bounds = _PIECES[language is MANDARIN]
        # All of them first, so that a text that cannot be read is refused before anything is said.
        texts = [
            self._phonemes.of(piece, voice, language) for piece in pieces(request.text, *bounds)
        ]
        spoken = [text for text in texts if self._model.tokenizer.tokenize(text, limit=None)]
        style = _take(self._model.get_voice_style(request.voice), request.seed)
        pause = np.zeros(round(_PAUSE / request.speed * SAMPLE_RATE), np.float32)
        for number, text in enumerate(spoken):
            samples, _ = self._model.create(text, style, request.speed, is_phonemes=True)
            yield samples if number == 0 else np.concatenate([pause, samples])


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
    session = onnxruntime.InferenceSession(
        str(folder.model), options, providers=["CPUExecutionProvider"]
    )
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
