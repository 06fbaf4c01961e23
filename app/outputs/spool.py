"""Finished audio on the node's own disk, until the shared folder takes it.

Each output is in one of three states, told by file names, so that a node which is killed at any
moment continues where it was:

- audio and ``STEM.json``: waits to be moved;
- audio and ``STEM.moved``: is in the shared folder; kept for whoever is about to fetch it here;
- one of the two alone: its node died between the two writes or removals; removed.
"""

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

from . import atomic
from .names import SIDECAR, is_stem, parse_audio_name
from .shared import OutputFiles, SharedFolder
from .sidecar import owner_in

_MOVED = ".moved"
# Seconds a moved output can still be had here: a player may be reading it.
_LINGER = 300
_OWNER_ONLY = 0o600


class Spool:
    """A folder nobody but the node's user may look into, of at most ``limit`` bytes."""

    def __init__(
        self, folder: Path, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make the folder. Raises OSError, also for a folder that belongs to another user."""
        self.folder = folder
        self._limit = limit
        self._clock = clock
        self._seen: dict[str, float] = {}
        """Time at which ``tidy`` saw a file first: the time of day that files have may jump."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def keep(self, files: OutputFiles) -> None:
        """Keep an output. Raises OSError, with ENOSPC when the limit is reached."""
        if self._used() + len(files.audio) + len(files.sidecar) > self._limit:
            raise OSError(errno.ENOSPC, f"its limit of {self._limit >> 20} MiB is reached")
        atomic.write(self.folder / files.audio_name, files.audio, _OWNER_ONLY)
        atomic.write(self.folder / (files.stem + SIDECAR), files.sidecar, _OWNER_ONLY)

    def find(self, name: str) -> Path | None:
        """An output's audio, waiting or moved."""
        path = self.folder / name
        return path if parse_audio_name(name) and path.is_file() else None

    def owner(self, stem: str) -> str | None:
        """The owner of an output, waiting or moved; see ``owner_in``."""
        # It may be moved between the two looks.
        return owner_in(self.folder / (stem + SIDECAR), self.folder / (stem + _MOVED))

    def waiting(self) -> list[str]:
        """Stems of what waits to be moved, oldest first. Raises OSError."""
        names = (path.name for path in self.folder.iterdir() if path.suffix == SIDECAR)
        return sorted(
            name.removesuffix(SIDECAR) for name in names if is_stem(name.removesuffix(SIDECAR))
        )

    def move(self, stem: str, shared: SharedFolder) -> None:
        """Copy an output to the shared folder. Doing it twice does no harm.

        Raises OSError; then it still waits.
        """
        sidecar = self.folder / (stem + SIDECAR)
        try:
            name = self._audio_name(stem)
            files = OutputFiles(stem, name, (self.folder / name).read_bytes(), sidecar.read_bytes())
        except FileNotFoundError:
            # Deleted by its user a moment ago: nothing is left to move.
            sidecar.unlink(missing_ok=True)
            return
        shared.save(files)
        try:
            sidecar.rename(sidecar.with_suffix(_MOVED))
        except FileNotFoundError:
            # Deleted by its user while it was being moved.
            shared.delete(stem)

    def delete(self, stem: str) -> bool:
        """Remove an output; whether there was one. Raises OSError."""
        found = [path for path in self.folder.iterdir() if _stem(path.name) == stem]
        # The sidecar first: without it nothing is moved.
        for path in sorted(found, key=lambda path: path.suffix != SIDECAR):
            path.unlink(missing_ok=True)
        return bool(found)

    def tidy(self) -> None:
        """Remove what was moved a while ago, and what nodes that were killed left. OSError."""
        now = self._clock()
        names = {path.name for path in self.folder.iterdir()}
        self._seen = {name: self._seen.get(name, now) for name in names}
        for name in names:
            if not _ours(name) or f"{_stem(name)}{SIDECAR}" in names:
                continue
            # What was moved has its marker since then.
            marker = f"{_stem(name)}{_MOVED}"
            if now - self._seen[marker if marker in names else name] > _LINGER:
                (self.folder / name).unlink(missing_ok=True)

    def _audio_name(self, stem: str) -> str:
        for path in self.folder.iterdir():
            if (parsed := parse_audio_name(path.name)) and parsed[0] == stem:
                return path.name
        raise FileNotFoundError

    def _used(self) -> int:
        used = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    used += entry.stat().st_size
        return used


def _stem(name: str) -> str:
    for suffix in (SIDECAR, _MOVED):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    parsed = parse_audio_name(name)
    return parsed[0] if parsed else ""


def _ours(name: str) -> bool:
    return name.startswith(atomic.UNFINISHED) or is_stem(_stem(name))
