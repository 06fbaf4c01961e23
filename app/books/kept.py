"""Books as the shared folder's size counts them: finished ones go for it, the oldest first."""

import contextlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..outputs.limits import Kept
from .folder import FINISHED, discard, ids, take_off


def kept(shelf: Path) -> Iterator[Kept]:
    """All books, with the size of their files in bytes. Raises OSError."""
    for book_id in ids(shelf):
        folder = shelf / book_id
        try:
            finished = (folder / FINISHED).stat().st_mtime
        except FileNotFoundError:
            finished = None
        yield Kept(book_id, _size(folder), finished, partial(_remove, shelf, book_id))


def _size(folder: Path) -> int:
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            # A node that makes it, or its owner, may remove files at the same time.
            with contextlib.suppress(FileNotFoundError):
                size += Path(place, name).lstat().st_size
    return size


def _remove(shelf: Path, book_id: str) -> None:
    if gone := take_off(shelf, book_id):
        discard(gone)
