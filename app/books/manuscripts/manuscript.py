"""A book before it is spoken."""

from dataclasses import dataclass

from ...errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter as it was written."""

    title: str
    """For people and players; may be empty."""
    text: str
    """All that is read, its heading included."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its chapters, in order."""

    title: str
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter in pieces."""

    title: str
    pieces: tuple[str, ...]

    @property
    def characters(self) -> int:
        """Characters that are spoken."""
        return sum(map(len, self.pieces))


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A book in pieces."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a book may have."""

    characters: int
    bytes: int
    """Of the file, and of what lies packed in it together."""


def refused(code: str, en: str, zh: str) -> InvalidInputError:
    """The error of a file that cannot become a book."""
    return InvalidInputError(code, en, zh, field="file")
