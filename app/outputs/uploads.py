"""Recordings that people sent and nobody needs any more: their voices, so they do not stay."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Uploads:
    """A folder of uploads, and how long one of its files may stay."""

    folder: Path
    seconds: float
    """After its last change; 0 is for ever."""


def remove_old(uploads: Uploads, now: float) -> int:
    """Remove the files that are too old, and folders that are empty then; how many files went.

    `now` is in seconds since the epoch, by the clock that gave the files their times. Follows no
    link. What another node removes at the same time is no error.
    """
    if not uploads.seconds:
        return 0
    removed = 0
    for name, _, names in os.walk(uploads.folder, topdown=False):
        folder = Path(name)
        for file in map(folder.joinpath, names):
            with contextlib.suppress(OSError):
                if now - file.lstat().st_mtime > uploads.seconds:
                    file.unlink()
                    removed += 1
        if folder != uploads.folder:
            # Not one that an upload is about to be written to; rmdir refuses one with files in it.
            with contextlib.suppress(OSError):
                if now - folder.lstat().st_mtime > uploads.seconds:
                    folder.rmdir()
    return removed
