"""Recordings that people sent and nobody needs any more: their voices, so they do not stay."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from app.outputs.upload_space import UploadSpace


@dataclass(frozen=True, slots=True)
class Uploads:
    """A folder of uploads, and how long one of its files may stay."""

    folder: Path
    seconds: float
    """After its last change; 0 is for ever."""
    space: UploadSpace = field(default_factory=lambda: UploadSpace(0))
    """Hears how much is there."""


@dataclass(slots=True)
class Tidied:
    """Result of a pass over the folder."""

    removed: int = 0
    """Files that went."""
    left: int = 0
    """Bytes of those that stay."""


def remove_old(uploads: Uploads, now: float) -> Tidied:
    """Remove the files that are too old, and folders that are empty then.

    ``now`` is in seconds since the epoch, by the clock that gave the files their times. Follows no
    link. What another node removes at the same time is not an error.
    """
    tidied = Tidied()
    for name, _, names in os.walk(uploads.folder, topdown=False):
        folder = Path(name)
        for file in map(folder.joinpath, names):
            with contextlib.suppress(OSError):
                found = file.lstat()
                if _is_old(found, uploads, now):
                    file.unlink()
                    tidied.removed += 1
                else:
                    tidied.left += found.st_size
        if folder != uploads.folder:
            # Not one that an upload is about to be written to; rmdir refuses one with files in it.
            with contextlib.suppress(OSError):
                if _is_old(folder.lstat(), uploads, now):
                    folder.rmdir()
    return tidied


def _is_old(found: os.stat_result, uploads: Uploads, now: float) -> bool:
    return 0 < uploads.seconds < now - found.st_mtime
