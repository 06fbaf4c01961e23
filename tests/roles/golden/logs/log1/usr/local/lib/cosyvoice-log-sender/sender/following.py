mode 0644 root:root
"""The place in a log host's files up to which lines were sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from .lines import UTC

LARGEST = 1 << 20
"""Bytes of lines at a time; servers take a few times as many."""
HOUR = "%Y-%m-%dT%H"


class Following:
    """Reads each file once, also when it has been packed meanwhile. ``first`` is the oldest hour
    whose files may have more; ``at`` has bytes of theirs that were sent."""

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder, self._state = folder, state
        self.said: dict[str, Any] = {}
        """What else is kept with it, for ``cluster status``."""
        try:
            kept = json.loads(state.read_text(encoding="utf-8"))
            self._first, self._at = str(kept["first"]), {k: int(v) for k, v in kept["at"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # An output that is new gets what comes from now on.
            self._first = datetime.now(UTC).strftime(HOUR)
            self._at = {name: size(file) for name, file in self._files()}
            self.keep()

    def new(self) -> Iterator[list[bytes]]:
        """Whole lines that were not sent, by file and in pieces. A piece counts as sent when the
        next one is asked for."""
        now = datetime.now(UTC)
        for name, file in self._files():
            while True:
                begin = self._at.get(name, 0)
                try:
                    piece = read(file, begin)
                except FileNotFoundError:
                    # Packed, or removed, at this moment: the next look knows.
                    break
                if piece is None:
                    # Emptied by the keeper for its writer to go on.
                    self._at[name] = 0
                    continue
                if not piece:
                    break
                yield piece.rstrip(b"\n").split(b"\n")
                self._at[name] = begin + len(piece)
                self.keep()
        # A line is written within an hour of the one that it is filed under.
        self._first = max(self._first, (now - timedelta(hours=1)).strftime(HOUR))
        self._at = {k: n for k, n in self._at.items() if hour(k) >= self._first}

    def keep(self) -> None:
        """By rename; on a full disk lines go on, and may be sent again after a restart."""
        part = self._state.with_suffix(".part")
        try:
            text = json.dumps({**self.said, "first": self._first, "at": self._at})
            part.write_text(text, encoding="utf-8")
            part.replace(self._state)
        except OSError:
            return

    def _files(self) -> list[tuple[str, Path]]:
        """The oldest first; NODE/HOUR names one, packed or not."""
        found = {}
        for file in (*self._folder.glob("*/*.jsonl.gz"), *self._folder.glob("*/*.jsonl")):
            name = f"{file.parent.name}/{file.name.partition('.')[0]}"
            if hour(name) >= self._first:
                found[name] = file
        return sorted(found.items(), key=lambda one: (hour(one[0]), one[0]))


def hour(name: str) -> str:
    return name.rpartition("/")[2]


def size(file: Path) -> int:
    """Bytes before packing."""
    with file.open("rb") as raw:
        if file.suffix != ".gz":
            return raw.seek(0, 2)
        # RFC 1952, ISIZE; an hour has less than 4 GiB.
        raw.seek(-4, 2)
        return int.from_bytes(raw.read(4), "little")


def read(file: Path, begin: int) -> bytes | None:
    """Whole lines from there on, about ``LARGEST`` bytes; nothing where the file is shorter."""
    there = size(file)
    if there <= begin:
        return None if there < begin else b""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as source:
        return _lines(source, begin)


def _lines(source: gzip.GzipFile | IO[bytes], begin: int) -> bytes:
    source.seek(begin)
    piece = source.read(LARGEST)
    end = piece.rfind(b"\n") + 1
    if not end and len(piece) == LARGEST:
        return piece + source.readline()
    return piece[:end]
