"""Lease of a book: the one node that makes it, told by a file in the book's folder.

Each lease has a number of its own, and its file is made only where there is none of that name, so
of two nodes that want it one gets it. Whoever has it touches the file; others watch whether it
changes, each by its own clock, and take the next number when it has not for too long. All calls
block and raise OSError.
"""

import contextlib
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"lease-(\d{6})")
_FREE = b"free"


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as another node sees it."""

    number: int = 0
    """0 where there has been none."""
    holder: bytes = _FREE
    touched: int = 0
    """Nanoseconds by the file server's clock, which are compared with nothing but themselves."""


class Lease:
    """A lease that this node has."""

    def __init__(self, folder: Path, number: int, holder: bytes) -> None:
        self._folder = folder
        self._number = number
        self._holder = holder

    def renew(self) -> bool:
        """Show that it is in use; False where it is another's, or the book is gone."""
        try:
            os.utime(_path(self._folder, self._number))
            return newest(self._folder) == self._number
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let another node have it at once."""
        with (
            contextlib.suppress(FileNotFoundError),
            _path(self._folder, self._number).open("r+b") as file,
        ):
            file.truncate()
            file.write(_FREE)


class Leases:
    """Leases of one process of the node ``node``. Another's that has not been touched for
    ``patience`` seconds is taken for abandoned."""

    def __init__(self, node: str, patience: float) -> None:
        self._node = node.encode()
        self._holder = f"{node} {secrets.token_hex(8)}".encode()
        self._patience = patience
        self._seen: dict[Path, tuple[Seen, float]] = {}

    def take(self, folder: Path) -> Lease | None:
        """The lease of a book, or None while another node has it."""
        found = _look(folder)
        seen, since = self._seen.setdefault(folder, (found, time.monotonic()))
        if seen != found:
            self._seen[folder] = (found, since := time.monotonic())
        if not (self._is_free(found) or time.monotonic() - since >= self._patience):
            return None
        self._seen.pop(folder)
        return self._taken(folder, found.number + 1)

    def forget(self, folders: set[Path]) -> None:
        """Remember these books alone."""
        for folder in self._seen.keys() - folders:
            del self._seen[folder]

    def _is_free(self, seen: Seen) -> bool:
        # What this node held before it was started again, it holds no longer.
        return seen.holder == _FREE or seen.holder.split(b" ")[0] == self._node

    def _taken(self, folder: Path, number: int) -> Lease | None:
        try:
            path = _path(folder, number)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except FileExistsError:
            return None
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._holder)
        for old in _numbers(folder):
            if old < number:
                with contextlib.suppress(FileNotFoundError):
                    _path(folder, old).unlink()
        lease = Lease(folder, number, self._holder)
        return lease if lease.renew() else None


def newest(folder: Path) -> int:
    """The number of the lease that counts; 0 where there is none."""
    return max(_numbers(folder), default=0)


def _look(folder: Path) -> Seen:
    number = newest(folder)
    if not number:
        return Seen()
    try:
        # On NFS opening asks the server, so that the time is not an old one.
        with _path(folder, number).open("rb") as file:
            touched = os.fstat(file.fileno()).st_mtime_ns
            return Seen(number, file.read(256), touched)
    except FileNotFoundError:
        # Another node has just taken the next.
        return Seen(number, b"", 0)


def _numbers(folder: Path) -> list[int]:
    return [int(match[1]) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]


def _path(folder: Path, number: int) -> Path:
    return folder / f"lease-{number:06d}"
