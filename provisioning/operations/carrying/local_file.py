"""A file of the control machine that is brought to hosts."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import ClusterError

_CHUNK = 256 * 1024


class CarryError(ClusterError):
    """A file cannot be brought or fetched; the message says which and why."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it was when it was looked at."""

    path: Path
    size: int
    """Bytes."""
    digest: str
    """SHA-256, hexadecimal."""
    mode: int
    """Permissions."""

    @classmethod
    def look(cls, path: Path) -> "LocalFile":
        """Read it once. Raises ``CarryError``."""
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CarryError(f"{path}: {error.strerror}") from None
        return cls(path, found.st_size, digest, stat.S_IMODE(found.st_mode) & 0o777)

    def pieces(self, sent: Callable[[int], None]) -> Iterator[bytes]:
        """Its content; the bytes of each piece are told. One that cannot be read any more ends
        early, which its digest tells."""
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece
                    sent(len(piece))
        except OSError:
            return
