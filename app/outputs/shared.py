"""The folder that all nodes share: plain calls, which may hang. Raises OSError throughout."""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path

from . import atomic
from .names import MEDIA_TYPES, SIDECAR, audio_name
from .server_clock import ServerClock
from .sidecar import owner_in
from .watch import ShareWatch


@dataclass(frozen=True, slots=True)
class OutputFiles:
    """An output as it lies in a folder."""

    stem: str
    audio_name: str
    audio: bytes
    sidecar: bytes


@dataclass(frozen=True, slots=True)
class ShareTerms:
    """Requests of a node to the shared folder."""

    mounted: bool = False
    """It is a mount point, whatever it looks like when it is met first."""
    required: bool = False
    """While it takes no files, the node should get no clients."""
    watch: ShareWatch | None = None
    """Watch over every access to it."""


class SharedFolder:
    """A shared folder. May be used by several threads.

    ``mounted``: it is a mount point, whatever it looks like when it is met first.
    """

    def __init__(self, path: Path, mounted: bool = False) -> None:
        self.path = path
        self.clock = ServerClock()
        self._mounted = mounted

    def check_mount(self) -> None:
        """Raise OSError when the folder is not mounted, though it should be or has been.

        What lies under a share that was unmounted is an ordinary folder, which would take what
        is written and hide it when the share comes back.
        """
        if self.path.is_mount():
            self._mounted = True
        elif self._mounted:
            raise OSError(errno.ENODEV, "it is not mounted")

    def save(self, files: OutputFiles) -> None:
        """Write audio and sidecar, or neither. What is there under the same name is replaced."""
        self.check_mount()
        path = self.path / files.audio_name
        self._write(path, files.audio)
        try:
            # The sidecar comes last: what the history finds has its sound.
            atomic.write(self.path / (files.stem + SIDECAR), files.sidecar)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    def find(self, name: str) -> Path | None:
        """The path of the file called so, or None if there is none."""
        self.check_mount()
        path = self.path / name
        return path if path.is_file() else None

    def owner(self, stem: str) -> str | None:
        """The output's owner; see ``owner_in``."""
        self.check_mount()
        return owner_in(self.path / (stem + SIDECAR))

    def delete(self, stem: str) -> bool:
        """Remove an output of whatever format; whether there was one."""
        # The sidecar goes first: what the history finds has its sound.
        names = [stem + SIDECAR, *(audio_name(stem, known) for known in MEDIA_TYPES)]
        removed = [_unlink(self.path / name) for name in names]
        return any(removed)

    def meet(self) -> None:
        """Look whether it is mounted, and what its server's clock shows if it takes files."""
        self.check_mount()
        with contextlib.suppress(OSError):
            self.probe()

    def probe(self) -> None:
        """Find out whether it takes files, by giving it one."""
        self.check_mount()
        path = self.path / f"{atomic.UNFINISHED}probe-{os.getpid()}"
        try:
            self._write(path, b"\0" * 4096)
        finally:
            _unlink(path)

    def _write(self, path: Path, data: bytes) -> None:
        began = self.clock.begin()
        self.clock.seen(began, atomic.write(path, data))


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
