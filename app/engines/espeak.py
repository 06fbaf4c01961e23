"""eSpeak NG: small, instant, over a hundred languages, robotic; library and data from a wheel."""

import sys
from collections.abc import Iterator

import numpy as np

from ..reading.words import HAN, KANA
from .espeak_library import EspeakError, Library, LibraryFiles
from .espeak_marks import has_marks, spoken
from .espeak_voices import VOICES, EspeakVoice
from .interface import (
    CannotSpeakError,
    Capability,
    EngineInfo,
    EngineUnavailableError,
    Samples,
    SynthesisRequest,
    TimedSamples,
)
from .sentences import pieces

SAMPLE_RATE = 22050
# About ten seconds of speech: early enough for a first piece, long enough for natural pauses.
PIECE_CHARACTERS = 120

_CAPABILITIES = frozenset(
    {
        Capability.SPEED,
        Capability.SPEED_WHILE_STREAMING,
        Capability.SEED,
        Capability.STREAMING,
        Capability.PINYIN,
        Capability.PHONEMES,
        Capability.WORD_TIMES,
    }
)


def _library_files() -> LibraryFiles:
    try:
        import espeakng_loader
    except ImportError as error:
        raise EngineUnavailableError(
            "engine espeak needs the Python package espeakng-loader: pip install espeakng-loader"
        ) from error
    try:
        return LibraryFiles(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
    except RuntimeError as error:
        raise EngineUnavailableError(
            f"engine espeak: {error}; reinstall espeakng-loader"
        ) from error


def _check_readable(text: str, voice: EspeakVoice) -> None:
    """Refuse what eSpeak would spell as "Chinese letter, Chinese letter"."""
    name_en, name_zh = voice.voice.name_en, voice.voice.name_zh
    if not voice.reads_han and (found := HAN.search(text)):
        raise CannotSpeakError(
            f"the voice {name_en} cannot read Chinese characters (first: {found[0]}); "
            "choose a Mandarin or Cantonese voice",
            f"“{name_zh}”不能朗读汉字（第一个：{found[0]}），请选择普通话或粤语",
        )
    if not voice.reads_kana and (found := KANA.search(text)):
        raise CannotSpeakError(
            f"the voice {name_en} cannot read Japanese kana (first: {found[0]}); "
            "choose the Japanese voice",
            f"“{name_zh}”不能朗读日语假名（第一个：{found[0]}），请选择日语",
        )


class EspeakEngine:
    """A loaded eSpeak NG engine. See ``app.engines.interface.Engine``."""

    def __init__(self, files: LibraryFiles) -> None:
        self._files = files
        self._voices = {voice.voice.id: voice for voice in VOICES}

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        """Yield speech sentence group by sentence group, deterministic for a request."""
        return (piece.samples for piece in self.timed(request))

    def timed(self, request: SynthesisRequest) -> Iterator[TimedSamples]:
        """Yield the same with the words that the library tells of."""
        voice = self._voices[request.voice]
        _check_readable(request.text, voice)
        marked = has_marks(request.text)
        if marked and request.word_times:
            raise CannotSpeakError(
                "eSpeak NG does not tell when it says the words of a text with marks of "
                "pronunciation; remove the marks, or ask for no captions",
                "文字含有发音标注时，eSpeak NG 不提供逐字时间，请删除标注或不要求字幕",
            )
        # Before the library is opened, for which each new syllable asks it too.
        texts = [
            spoken(piece, voice, self._files) if marked else piece
            for piece in pieces(request.text, PIECE_CHARACTERS)
        ]
        with Library(self._files) as library:
            library.configure(voice.espeak_name, request.speed, request.seed)
            for text in texts:
                pcm = np.frombuffer(library.speak(text, phoneme_input=marked), dtype=np.int16)
                samples = pcm.astype(np.float32) / np.float32(32768)
                words = library.events.timed(text, len(pcm)) if request.word_times else ()
                yield TimedSamples(samples, words)


class EspeakPlugin:
    """The ``app.engines.interface.EnginePlugin`` of eSpeak NG."""

    def describe(self) -> EngineInfo:
        _library_files()
        return EngineInfo(
            name="espeak",
            title="eSpeak NG",
            sample_rate=SAMPLE_RATE,
            voices=tuple(voice.voice for voice in VOICES),
            capabilities=_CAPABILITIES,
            warm_up_text="你好，hello",
            # eSpeak NG 1.52 keeps up to 740 kB a job where a voice changes its language inside a
            # text, as Mandarin does for Latin letters.
            growth_limit=256,
        )

    def load(self) -> EspeakEngine:
        files = _library_files()
        try:
            with Library(files) as library:
                rate = library.sample_rate
        except (OSError, EspeakError) as error:
            raise EngineUnavailableError(
                f"eSpeak NG cannot be loaded on {sys.platform}: {error}"
            ) from error
        if rate != SAMPLE_RATE:
            raise EngineUnavailableError(
                f"this eSpeak NG speaks at {rate} Hz, expected {SAMPLE_RATE}"
            )
        return EspeakEngine(files)


plugin = EspeakPlugin()
