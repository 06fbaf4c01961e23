"""Facts about a book, as they lie in its folder. Keys that are not known are ignored: nodes of two
releases share the folder."""

import re
import secrets
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_ID = re.compile(r"book_[0-9a-f]{16}")


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ChapterRecord(_Facts):
    """A chapter."""

    title: str
    characters: int
    pieces: int


class BookRecord(_Facts):
    """A book that was asked for; never changed."""

    id: str = Field(pattern=f"^{_ID.pattern}$")
    title: str
    created: datetime
    node: str
    """Node that was asked for it."""
    engine: str
    voice: str
    """Id of the engine's voice or of a registered one."""
    format: str
    per_chapter: bool
    speed: float
    seed: int
    instruction: str
    owner: str = ""
    """Owner of the book, as ``access/ownership.py`` has it; empty where nobody is known."""
    chapters: tuple[ChapterRecord, ...]

    @property
    def characters(self) -> int:
        """Characters that are spoken."""
        return sum(chapter.characters for chapter in self.chapters)


class ChapterProgress(_Facts):
    """Characters of a chapter."""

    done: int = 0
    failed: int = 0


class Progress(_Facts):
    """State of the work; the node that does it writes it every few seconds."""

    node: str
    chapters: tuple[ChapterProgress, ...]
    binding: bool = False
    """All is spoken, and the files are being written."""
    seconds_left: float | None = None
    """None where there is nothing yet to tell it by."""


class BookFile(_Facts):
    """A finished file."""

    name: str
    chapter: int | None
    """Counted from 1; None is the whole book."""
    seconds: float
    bytes: int


class Failure(_Facts):
    """A piece that was not spoken."""

    chapter: int
    """Counted from 1."""
    piece: int
    """Counted from 1."""
    message: str


class Finished(_Facts):
    """The end of the work."""

    state: Literal["done", "failed"]
    node: str
    message: str = ""
    message_zh: str = ""
    chapters: tuple[ChapterProgress, ...] = ()
    files: tuple[BookFile, ...] = ()
    failures: tuple[Failure, ...] = ()
    """The first of them."""


def new_id() -> str:
    """An id no other node makes."""
    return f"book_{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    """Tell whether this can be a book's id. A text with a path in it never is."""
    return _ID.fullmatch(text) is not None
