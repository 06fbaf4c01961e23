"""Files that appear whole or not at all, also on NFS and through a power cut."""

import contextlib
import os
import secrets
from pathlib import Path

UNFINISHED = ".unfinished-"
"""Prefix of a file's name while it is written. Hidden, so that nobody lists or serves it; left
behind only by a node that died writing."""


def write(path: Path, data: bytes, mode: int = 0o666) -> float:
    """Write ``data`` under a name of its own, flush it to the disk, then rename it to ``path``;
    when it was changed last, by the clock of the file system, in seconds since the epoch.

    A file that is there already is replaced. ``mode`` is cut by the umask, as with open(2). Raises
    OSError; then nothing is left of it.
    """
    # Each try has its own name: an earlier one may still hang in a dead NFS server.
    unfinished = path.with_name(f"{UNFINISHED}{secrets.token_hex(4)}-{path.name}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            # NFS tells of a full disk here at the latest, not in write().
            os.fsync(file.fileno())
            changed = os.fstat(file.fileno()).st_mtime
        unfinished.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _flush_names(path.parent)
    return changed


def settle(unfinished: Path, path: Path) -> None:
    """Give a file that was written under another name of the same folder its own, once it is on the
    disk. A file that is there already is replaced. Raises OSError."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(path)
    _flush_names(path.parent)


def _flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems have no fsync for folders; the file itself is safe.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
