"""What every engine is to the rest of the app."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice one can choose."""

    id: str
    name: str
    """For people, in Chinese and English."""
    language: str
    """BCP 47 tag."""


@dataclass(frozen=True, slots=True)
class Request:
    """One text to speak."""

    text: str
    voice: str
    speed: float = 1.0
    """1 is the voice's own; 2 is twice as fast."""
    seed: int = 1


class Engine(Protocol):
    """Turns text into sound. Lives in a worker process of its own; one request at a time."""

    name: str
    sample_rate: int
    """Samples a second."""
    voices: tuple[Voice, ...]

    def load(self) -> None:
        """Makes the engine able to speak; may take long. Raises ``EngineError``."""

    def synthesize(self, request: Request) -> Iterator[Samples]:
        """Chunks of mono sound between -1 and 1. Equal requests give equal samples.

        Raises ``EngineError``.
        """


class EngineError(Exception):
    """An engine cannot do what it was asked; the message is for the one who asked."""
