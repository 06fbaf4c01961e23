"""Sound, and when its words are said."""

from dataclasses import dataclass

from .samples import Samples


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, with the punctuation beside it. Times are in samples."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TimedSamples:
    """A piece of sound; its words' times count from its own beginning."""

    samples: Samples
    words: tuple[Word, ...] = ()
