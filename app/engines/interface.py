"""Interface of an engine: the only thing workers, page and API know about text-to-speech.

An engine module offers a *plugin*: an object whose ``describe`` is cheap and whose ``load`` is not.
The web process calls ``describe`` only, so an engine may need a GPU, torch or minutes to load
without the page noticing; ``load`` happens in worker processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..errors import NodeError
from ..sound.clip import Clip, ClipLimits
from ..sound.samples import Samples
from ..sound.timed import TimedSamples, Word
from .voice_mix import VoiceMixError, looks_mixed, parts_of

__all__ = [
    "CannotSpeakError",
    "Capability",
    "Choice",
    "Clip",
    "ClipLimits",
    "Engine",
    "EngineInfo",
    "EnginePlugin",
    "EngineUnavailableError",
    "Mode",
    "Samples",
    "SynthesisRequest",
    "TimedSamples",
    "TimingEngine",
    "Voice",
    "Word",
]
"""Public names for engine modules, in one place."""


class Mode(StrEnum):
    """Source of the voice, and its use."""

    PRESET = "preset"
    """A voice that ships with the engine."""
    CLONE = "clone"
    """The voice of a reference clip whose words are known (zero-shot)."""
    CROSS_LINGUAL = "cross_lingual"
    """The voice of a reference clip, in whatever language the text is; no transcript."""
    INSTRUCT = "instruct"
    """The voice of a reference clip, speaking as an instruction says."""
    CONVERT = "convert"
    """The words of a source clip in the voice of a reference clip; no text."""


class Capability(StrEnum):
    """A feature that a request may ask for and an engine may lack."""

    SPEED = "speed"
    SPEED_WHILE_STREAMING = "speed_while_streaming"
    SEED = "seed"
    STREAMING = "streaming"
    """Gives its first sound before it has made the last."""
    PINYIN = "pinyin"
    """Reads ``[h][ào]``."""
    PHONEMES = "phonemes"
    """Reads ``[M][AY0]``."""
    WORD_TIMES = "word_times"
    """Tells when each word is said: is a ``TimingEngine``."""
    VOICE_MIXING = "voice_mixing"
    """Speaks in mixtures of its voices; ``app.engines.voice_mix`` has their parts."""
    EVENTS = "events"
    """Makes ``[breath]`` and heeds ``<strong></strong>``."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option that a user can pick."""

    id: str
    """Stable, part of the API; for an instruction it is the words the engine gets."""
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a user can choose. ``id`` is stable and part of the API."""

    id: str
    name_zh: str
    name_en: str
    language: str
    """BCP 47 tag, for example ``zh-CN``."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Abilities of an engine, known before it is loaded."""

    name: str
    title: str
    sample_rate: int
    """Hz; every voice of an engine speaks at one rate, mono."""
    voices: tuple[Voice, ...]
    capabilities: frozenset[Capability]
    warm_up_text: str
    """Spoken once by every new worker before it takes work, in the default voice."""
    modes: frozenset[Mode] = frozenset({Mode.PRESET})
    dialects: tuple[Choice, ...] = ()
    """Instructions about dialect."""
    styles: tuple[Choice, ...] = ()
    """Instructions about mood, pace and loudness."""
    languages: tuple[Choice, ...] = ()
    """Languages it speaks in any voice; ``id`` is a BCP 47 tag."""
    clips: ClipLimits | None = None
    """None where no mode takes a clip."""
    warm_up: "SynthesisRequest | None" = None
    """Takes the place of ``warm_up_text`` where there may be no voice to say it in."""
    growth_limit: int = 0
    """MiB by which a worker may grow where nobody has said otherwise, for an engine that loses
    memory; 0 is no limit."""

    @property
    def first_request(self) -> "SynthesisRequest":
        """First request to every new worker, before it takes work; inaudible speech means a broken
        worker."""
        if self.warm_up is not None:
            return self.warm_up
        voice = self.default_voice
        return SynthesisRequest(self.warm_up_text, voice.id if voice else "", speed=1.0, seed=1)

    @property
    def default_voice(self) -> Voice | None:
        """The first voice is the default; None where every voice comes from a clip."""
        return self.voices[0] if self.voices else None

    def voice(self, voice_id: str) -> Voice | None:
        """The voice with this id, or the mixture that it describes, or None."""
        found = next((voice for voice in self.voices if voice.id == voice_id), None)
        if found or Capability.VOICE_MIXING not in self.capabilities or not looks_mixed(voice_id):
            return found
        return self._mixture(voice_id)

    def _mixture(self, voice_id: str) -> Voice | None:
        known = {voice.id: voice for voice in self.voices}
        try:
            named = [part.voice for part in parts_of(voice_id)]
        except VoiceMixError:
            return None
        if not known.keys() >= set(named):
            return None
        # It reads as its first voice does.
        return Voice(voice_id, voice_id, voice_id, known[named[0]].language)


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """Text, voice and manner of one piece of speech. Already validated against an
    ``EngineInfo``."""

    text: str
    """Empty with ``Mode.CONVERT``."""
    voice: str
    """Id of a voice; empty where it comes from ``reference``."""
    speed: float
    """Tempo, 1.0 is the voice's own."""
    seed: int
    """Same request and seed, same bytes."""
    mode: Mode = Mode.PRESET
    reference: Clip | None = None
    source: Clip | None = None
    """Recording that ``Mode.CONVERT`` says again."""
    instruction: str = ""
    stream: bool = False
    """True if somebody listens while it is made; else the whole may be better or faster."""
    word_times: bool = False
    """True where ``TimingEngine.timed`` is to be asked, not ``synthesize``."""

    @property
    def voice_id(self) -> str:
        """Id of the voice that speaks, registered ones too; empty for a recording of the request's
        own."""
        return self.voice or (self.reference.voice if self.reference else "")


class Engine(Protocol):
    """A loaded engine. Serves one request at a time."""

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        """Yield the speech in pieces, in order: mono float32 in [-1, 1].

        Raises ``CannotSpeakError`` for a request no retry can help. The caller closes the iterator
        when it stops early; the engine must then be ready for the next request.
        """
        ...


class TimingEngine(Engine, Protocol):
    """An engine with ``Capability.WORD_TIMES``."""

    def timed(self, request: SynthesisRequest) -> Iterator[TimedSamples]:
        """Yield the same sound as ``synthesize`` would, with its words, under the same rules."""
        ...


class EnginePlugin(Protocol):
    """Object that an engine module offers to the registry."""

    def describe(self) -> EngineInfo:
        """Cheap, needs no model. Raises ``EngineUnavailableError`` when it cannot run here."""
        ...

    def load(self) -> Engine:
        """Load the model. Raises ``EngineUnavailableError``, with what to do about it."""
        ...


class EngineUnavailableError(NodeError):
    """The engine cannot run on this machine; the message says what is missing and the fix."""


class CannotSpeakError(NodeError):
    """Text that this voice cannot speak. Shown to the user, in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
