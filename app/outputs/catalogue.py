"""Catalogues: the sidecars of a partition in one file beside it, so that a node reads them at once.

A catalogue is a copy, which saves reading; what is there is what the partition holds. Its first
line says of which state of the partition it is, and where its parts of a thousand outputs are.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import atomic
from .record import record_of
from .sidecar import Sidecar

_PART = 1000
_LIMIT = 64 << 20
"""Bytes of a first line, or of a part, that are read."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a catalogue."""

    first: str
    """The oldest stem in it."""
    last: str
    """The newest."""
    offset: int
    """Bytes behind the first line."""
    size: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The first line of a catalogue."""

    changed: int
    """Time of the partition's last change when it was read, in ns since the epoch."""
    size: int
    """Bytes of all files of the outputs."""
    chunks: tuple[Chunk, ...]


def read_head(path: Path) -> Catalogue | None:
    """The first line of the catalogue at ``path``; None where there is none that nodes wrote, or
    none that can be read."""
    try:
        with path.open("rb") as file:
            line = file.readline(_LIMIT)
        told = json.loads(line)
        chunks = tuple(
            Chunk(str(first), str(last), len(line) + int(offset), int(size))
            for first, last, offset, size in told["chunks"]
        )
        return Catalogue(int(told["changed"]), int(told["bytes"]), chunks)
    except (OSError, ValueError, OverflowError, TypeError, KeyError, RecursionError):
        return None


def read_chunk(path: Path, chunk: Chunk) -> dict[str, Sidecar]:
    """Sidecars of a part, by stem; none where it is not as its first line says, or cannot be
    read."""
    try:
        with path.open("rb") as file:
            file.seek(chunk.offset)
            content = file.read(max(0, min(chunk.size, _LIMIT)))
    except (OSError, ValueError, OverflowError):
        return {}
    return dict(_sidecars(content))


def write(path: Path, changed: int, size: int, sidecars: Sequence[tuple[str, bytes]]) -> None:
    """Write the catalogue of a partition that was changed last at ``changed`` and whose files have
    ``size`` bytes: its sidecars, the oldest first. Raises OSError."""
    parts: list[bytes] = []
    chunks: list[tuple[str, str, int, int]] = []
    at = 0
    for begin in range(0, len(sidecars), _PART):
        some = sidecars[begin : begin + _PART]
        part = b"".join(_lines(some))
        chunks.append((some[0][0], some[-1][0], at, len(part)))
        parts.append(part)
        at += len(part)
    head = {"changed": changed, "bytes": size, "chunks": chunks}
    atomic.write(path, b"".join((json.dumps(head).encode(), b"\n", *parts)))


def _lines(sidecars: Sequence[tuple[str, bytes]]) -> Iterator[bytes]:
    for stem, content in sidecars:
        # A foreign one may be nested as deep as can be read, and no deeper.
        with contextlib.suppress(ValueError, RecursionError):
            told = json.dumps(json.loads(content), ensure_ascii=False, separators=(",", ":"))
            # Or hold half of a surrogate pair.
            yield f"{stem} {told}\n".encode(errors="surrogatepass")


def _sidecars(content: bytes) -> Iterator[tuple[str, Sidecar]]:
    for line in content.split(b"\n"):
        stem, _, told = line.partition(b" ")
        with contextlib.suppress(ValueError, OverflowError, RecursionError):
            yield stem.decode(), Sidecar(told, record_of(told), None)
