"""Books in the folder that all nodes share: plain calls, which may hang. Raises OSError throughout.

A book's folder appears whole and disappears whole, by a change of its name:

- ``book.json``, ``manuscript.json``: what was asked for; never changed
- ``lease-N``: the node that makes it (``lease.py``)
- ``pieces/C-P-SAMPLES.flac``: a piece as it was spoken; ``C-P.failed``: one that could not be
- ``progress.json``: for those who ask
- ``files/``: what came of it; ``finished.json`` comes last
"""

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..outputs import atomic
from .manuscripts.apart import manuscript
from .manuscripts.manuscript import Manuscript
from .record import BookRecord, Finished, Progress, is_id

BOOK, MANUSCRIPT = "book.json", "manuscript.json"
PROGRESS, FINISHED = "progress.json", "finished.json"
PIECES, FILES = "pieces", "files"
_PIECE = re.compile(r"(\d{5})-(\d{6})(?:-(\d{1,12})\.flac|\.failed)")
_LARGEST = 4 << 20
_Place = tuple[int, int]
"""Chapter and piece, counted from 0."""
_Facts = TypeVar("_Facts", bound=BaseModel)


class Pieces:
    """Pieces that are over, by their places."""

    def __init__(self) -> None:
        self.spoken: dict[_Place, tuple[str, int]] = {}
        """File and samples."""
        self.failed: set[_Place] = set()

    def __contains__(self, place: _Place) -> bool:
        return place in self.spoken or place in self.failed


def create(shelf: Path, record: BookRecord, text: Manuscript) -> None:
    """Make a book's folder."""
    draft = shelf / f"{atomic.UNFINISHED}{record.id}"
    (draft / PIECES).mkdir(parents=True)
    (draft / FILES).mkdir()
    atomic.write(draft / MANUSCRIPT, json.dumps(asdict(text)).encode())
    atomic.write(draft / BOOK, record.model_dump_json().encode())
    draft.rename(shelf / record.id)


def take_off(shelf: Path, book_id: str) -> Path | None:
    """Have a book gone for everybody: what is left of it, to be removed, or None where there was
    none."""
    gone = shelf / f"{atomic.UNFINISHED}removed-{book_id}-{time.monotonic_ns():x}"
    try:
        (shelf / book_id).rename(gone)
    except FileNotFoundError:
        return None
    return gone


def discard(folder: Path) -> None:
    """Remove what is left of a book; what stays, the next who tidies removes."""
    shutil.rmtree(folder, ignore_errors=True)


def ids(shelf: Path) -> list[str]:
    """Ids of all books."""
    try:
        return [path.name for path in shelf.iterdir() if is_id(path.name)]
    except FileNotFoundError:
        # Made with the first book.
        return []


def record_of(folder: Path) -> BookRecord | None:
    """The record of a book; None where there is none."""
    return _read(folder / BOOK, BookRecord)


def progress_of(folder: Path) -> Progress | None:
    """Its progress; None before anybody has begun."""
    return _read(folder / PROGRESS, Progress)


def finished_of(folder: Path) -> Finished | None:
    """The end of the work; None before it."""
    return _read(folder / FINISHED, Finished)


def manuscript_of(folder: Path) -> Manuscript:
    """The text of a book that is not finished."""
    return manuscript(json.loads((folder / MANUSCRIPT).read_bytes()))


def pieces_of(folder: Path) -> Pieces:
    """The pieces that are over. Of one that two nodes have spoken there is one here."""
    found = Pieces()
    for name in sorted(path.name for path in (folder / PIECES).iterdir()):
        if match := _PIECE.fullmatch(name):
            place = int(match[1]), int(match[2])
            if match[3] is None:
                found.failed.add(place)
            else:
                found.spoken.setdefault(place, (name, int(match[3])))
    found.failed -= found.spoken.keys()
    return found


def save_piece(folder: Path, place: tuple[int, int], flac: bytes, samples: int) -> str:
    """Keep a piece; its file's name."""
    name = f"{_written(place)}-{samples}.flac"
    atomic.write(folder / PIECES / name, flac)
    return name


def save_failure(folder: Path, place: tuple[int, int], message: str) -> None:
    """Note that a piece cannot be spoken."""
    atomic.write(folder / PIECES / f"{_written(place)}.failed", message.encode())


def failures_of(folder: Path, places: list[tuple[int, int]]) -> Iterator[str]:
    """The messages of pieces that could not be spoken."""
    for place in places:
        yield (folder / PIECES / f"{_written(place)}.failed").read_text("utf-8", "replace")


def write(folder: Path, name: str, facts: BaseModel) -> None:
    """Write ``progress.json`` or ``finished.json``."""
    atomic.write(folder / name, facts.model_dump_json().encode())


def clear(folder: Path) -> None:
    """Remove what a finished book needs no longer, its text among it."""
    shutil.rmtree(folder / PIECES, ignore_errors=True)
    drafts = (folder / FILES).glob(f"{atomic.UNFINISHED}*")
    for path in (folder / MANUSCRIPT, folder / PROGRESS, *drafts):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def tidy(shelf: Path, now: float, keep: float, grace: float) -> int:
    """Remove books that were finished more than ``keep`` seconds ago (0 is never), and folders that
    have been unfinished for ``grace``; how many books went. ``now`` is by the server's clock."""
    removed = 0
    for book_id in ids(shelf) if keep else []:
        with contextlib.suppress(FileNotFoundError):
            if (shelf / book_id / FINISHED).stat().st_mtime < now - keep:
                gone = take_off(shelf, book_id)
                removed += gone is not None
                if gone:
                    discard(gone)
    for path in shelf.glob(f"{atomic.UNFINISHED}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < now - grace:
                discard(path)
    return removed


def _written(place: tuple[int, int]) -> str:
    return f"{place[0]:05d}-{place[1]:06d}"


def _read(path: Path, kind: type[_Facts]) -> _Facts | None:
    try:
        with path.open("rb") as file:
            return kind.model_validate_json(file.read(_LARGEST))
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
