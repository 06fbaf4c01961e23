"""Removal of what is too old or too much, and of what nodes that died left in the shared folder.

Ages are by the file server's clock, read from the folder itself, so that a node whose clock is
wrong deletes nothing too early. A lock lets one node at a time do it; where the file system has
no locks two nodes may, which does no harm: both would remove the same, oldest first. Every step
is one removal, so it may be killed anywhere.
"""

import contextlib
import errno
import fcntl
import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import atomic
from .names import SIDECAR, is_stem, parse_audio_name
from .shared import SharedFolder
from .uploads import Uploads, remove_old

INTERVAL = 600.0
"""Seconds between two passes over a folder, by whichever node."""
GRACE = 3600.0
"""Seconds after which something unfinished is not being written any more."""
_LOCK = ".retention"
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """Something else in the folder that is kept with the outputs, and counts for their size."""

    name: str
    size: int
    changed: float | None
    """Seconds since the epoch; None for what is not finished, and stays."""
    remove: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits of the outputs that stay; 0 is no limit."""

    days: float = 0
    total_bytes: int = 0
    uploads: Uploads | None = None
    others: Callable[[], Iterable[Kept]] = tuple
    """Finds what else counts for ``total_bytes``, and goes for it; its days are counted elsewhere.
    Raises OSError."""


@dataclass(slots=True)
class Removed:
    """Number and size of the files that a pass removed."""

    outputs: int = 0
    others: int = 0
    leftovers: int = 0
    """Unfinished files, sound without a sidecar, sidecars without sound."""
    bytes: int = 0
    uploads: int = 0


@dataclass(slots=True)
class _Item:
    """Files in the folder under one stem."""

    stem: str
    size: int = 0
    changed: float = 0
    names: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return len(self.names) > 1 and any(name.endswith(SIDECAR) for name in self.names)


def clean(folder: SharedFolder, limits: Retention) -> Removed | None:
    """Remove outputs once; None when another node is at it or was a short while ago. Raises
    OSError."""
    folder.check_mount()
    descriptor = os.open(folder.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "r+b", buffering=0) as lock:
        if not _locked(lock.fileno()):
            return None
        # Without a time of ours the file server takes its own.
        os.utime(lock.fileno())
        now = os.fstat(lock.fileno()).st_mtime
        # Less a little: this node's own passes are not exactly an interval apart.
        last, size = _last_pass(lock.read(64))
        if 0 <= now - last < INTERVAL * 0.9:
            if limits.uploads:
                limits.uploads.space.measured(size, now - last)
            return None
        removed = _clean(folder.path, limits, now)
        left = 0
        if limits.uploads:
            tidied = remove_old(limits.uploads, now)
            removed.uploads, left = tidied.removed, tidied.left
            limits.uploads.space.measured(left)
        told = f"{now!r} {left}\n".encode()
        os.pwrite(lock.fileno(), told, 0)
        os.ftruncate(lock.fileno(), len(told))
    return removed


def _locked(descriptor: int) -> bool:
    try:
        # A lock of the POSIX kind: NFS passes it to its server, and takes it back from the dead.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    return True


def _last_pass(content: bytes) -> tuple[float, int]:
    """Read the time of the last pass, and the bytes of uploads it left; an older release writes no
    bytes."""
    when, _, size = content.partition(b" ")
    try:
        return float(when), int(size or 0)
    except ValueError:
        return 0.0, 0


def _clean(folder: Path, limits: Retention, now: float) -> Removed:
    removed = Removed()
    items: dict[str, _Item] = {}
    for name, size, changed in _files(folder):
        if name.startswith(atomic.UNFINISHED):
            if changed < now - GRACE:
                _remove(folder, [name])
                removed.leftovers += 1
                removed.bytes += size
        elif stem := _stem(name):
            item = items.setdefault(stem, _Item(stem))
            item.names.append(name)
            item.size += size
            item.changed = max(item.changed, changed)
    others = list(limits.others()) if limits.total_bytes else []
    for due in _surplus([*items.values(), *others], limits, now):
        removed.bytes += due.size
        if isinstance(due, Kept):
            due.remove()
            removed.others += 1
            continue
        _remove(folder, due.names)
        if due.whole:
            removed.outputs += 1
        else:
            removed.leftovers += 1
    return removed


def _surplus(items: Iterable[_Item | Kept], limits: Retention, now: float) -> list[_Item | Kept]:
    """Choose what has to go, the oldest first."""
    surplus: list[_Item | Kept] = []
    size = 0
    for item in sorted(items, key=_newness, reverse=True):
        size += item.size
        age = now - _newness(item)[0]
        if isinstance(item, Kept):
            due = 0 < limits.total_bytes < size and age > INTERVAL
        elif not item.whole:
            due = age > GRACE
        else:
            too_old = 0 < limits.days * _DAY < age
            # Whoever asked for it a moment ago is still about to hear it.
            too_much = 0 < limits.total_bytes < size and age > INTERVAL
            due = too_old or too_much
        if due:
            surplus.append(item)
    return surplus[::-1]


def _newness(item: _Item | Kept) -> tuple[float, str]:
    """The time of the last change, and a name for those of the same; without end for what is not
    finished."""
    if isinstance(item, Kept):
        return math.inf if item.changed is None else item.changed, item.name
    return item.changed, item.stem


def _files(folder: Path) -> Iterator[tuple[str, int, float]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            # Another node's history may delete at the same time.
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    yield entry.name, found.st_size, found.st_mtime


def _stem(name: str) -> str:
    if name.endswith(SIDECAR) and is_stem(name.removesuffix(SIDECAR)):
        return name.removesuffix(SIDECAR)
    parsed = parse_audio_name(name)
    return parsed[0] if parsed else ""


def _remove(folder: Path, names: list[str]) -> None:
    # The sidecar first: what the history finds has its sound.
    for name in sorted(names, key=lambda name: not name.endswith(SIDECAR)):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
