"""What an engine is: the only thing workers, page and API know about text-to-speech.

An engine module offers a *plugin*: an object whose `describe` is cheap and whose `load` is not.
The web process calls `describe` only, so an engine may need a GPU, torch or minutes to load
without the page noticing; `load` happens in worker processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Capability(StrEnum):
    """Something a request may ask for and an engine may lack."""

    SPEED = "speed"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice a user can choose. `id` is stable and part of the API."""

    id: str
    name_zh: str
    name_en: str
    language: str
    """BCP 47 tag, for example `zh-CN`."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine can do, known before it is loaded."""

    name: str
    title: str
    sample_rate: int
    """Hz; every voice of an engine speaks at one rate, mono."""
    voices: tuple[Voice, ...]
    capabilities: frozenset[Capability]
    warm_up_text: str
    """Spoken once by every new worker before it takes work."""

    @property
    def default_voice(self) -> Voice:
        """The first voice is the default."""
        return self.voices[0]

    def voice(self, voice_id: str) -> Voice | None:
        """The voice with this id, or None."""
        return next((voice for voice in self.voices if voice.id == voice_id), None)


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """What to say and how. Already validated against an `EngineInfo`."""

    text: str
    voice: str
    speed: float
    """Tempo, 1.0 is the voice's own."""
    seed: int
    """Same request and seed, same bytes."""


class Engine(Protocol):
    """A loaded engine. Serves one request at a time."""

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        """Yield the speech in pieces, in order: mono float32 in [-1, 1].

        Raises `CannotSpeakError` for a request no retry can help. The caller closes the iterator
        when it stops early; the engine must then be ready for the next request.
        """
        ...


class EnginePlugin(Protocol):
    """What an engine module offers to the registry."""

    def describe(self) -> EngineInfo:
        """Cheap, needs no model. Raises `EngineUnavailableError` when it cannot run here."""
        ...

    def load(self) -> Engine:
        """Load the model. Raises `EngineUnavailableError`, with what to do about it."""
        ...


class EngineUnavailableError(Exception):
    """The engine cannot run on this machine; the message says what is missing and the fix."""


class CannotSpeakError(Exception):
    """This text cannot be spoken by this voice. Shown to the user, in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
