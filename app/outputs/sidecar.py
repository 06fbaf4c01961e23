"""Reading of one sidecar, which may be anybody's file."""

import os
from dataclasses import dataclass
from pathlib import Path

from .record import OutputRecord, record_of

# A text of 100,000 characters fits; a foreign file of a gigabyte is not read.
_LIMIT = 1 << 20
Stamp = tuple[int, ...]
"""Fingerprint that changes whenever a file or folder does."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Content of a sidecar."""

    content: bytes
    record: OutputRecord | None
    """None where no node wrote it, or where it could not be read."""
    stamp: Stamp | None
    """Of what was read; None where it could not be."""


def read_sidecar(path: Path, known: Stamp | None = None) -> Sidecar | None:
    """The sidecar at ``path``; None when it still is what had the stamp ``known``."""
    try:
        # On NFS opening asks the server, so that the stamp is not an old one.
        with path.open("rb") as file:
            stamp = stamp_of(os.fstat(file.fileno()))
            if stamp == known:
                return None
            content = file.read(_LIMIT)
    except OSError:
        return Sidecar(b"", None, None)
    try:
        return Sidecar(content, record_of(content), stamp)
    except (ValueError, OverflowError, RecursionError):
        return Sidecar(content, None, stamp)


def owner_in(*paths: Path) -> str | None:
    """The owner that the first of these sidecars names that there is; None where there is none, or
    none that a node wrote. Raises OSError."""
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(_LIMIT)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            # One of the folders may be another user's, or no folder.
            continue
        try:
            return record_of(content).owner
        except (ValueError, OverflowError, RecursionError):
            return None
    return None


def stamp_of(about: os.stat_result) -> Stamp:
    """The stamp of a file or folder with these attributes."""
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
