"""The folder that all nodes share: plain calls, which may hang. Raises OSError throughout.

An output lies in the folder itself or in its partition; either is found whatever this node saves
in.
"""

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from . import atomic
from .names import MEDIA_TYPES, SIDECAR, audio_name, moment_of, parse_audio_name
from .partitions import LENGTH, catalogue_of, day_of, partition_of
from .server_clock import ServerClock
from .sidecar import owner_in
from .watch import ShareWatch

PROBES = ".probes"
"""Folder of the files by which nodes find out whether the shared folder takes any: in the folder
itself they would have everybody list it anew."""
_TRIES = 3


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
    partitioned: bool = False
    """Outputs are saved in partitions."""
    watch: ShareWatch | None = None
    """Watch over every access to it."""


class SharedFolder:
    """A shared folder. May be used by several threads.

    ``mounted``: it is a mount point, whatever it looks like when it is met first. ``partitioned``:
    outputs are saved in partitions.
    """

    def __init__(self, path: Path, mounted: bool = False, partitioned: bool = False) -> None:
        self.path = path
        self.clock = ServerClock()
        self._mounted = mounted
        self._partitioned = partitioned

    def check_mount(self) -> None:
        """Raise OSError when the folder is not mounted, though it should be or has been.

        What lies under a share that was unmounted is an ordinary folder, which would take what
        is written and hide it when the share comes back.
        """
        if self.path.is_mount():
            self._mounted = True
        elif self._mounted:
            raise OSError(errno.ENODEV, "it is not mounted")

    def save(self, files: OutputFiles) -> Path:
        """Write audio and sidecar, or neither; the folder they are in. What is there under the same
        name is replaced."""
        self.check_mount()
        if not self._partitioned:
            self._save(self.path, files)
            return self.path
        try:
            return self._save_in(partition_of(files.stem), files)
        except (PermissionError, NotADirectoryError):
            # Made by another user for nobody else, or no folder: every node finds it here, too.
            self._save(self.path, files)
            return self.path

    def find(self, name: str) -> Path | None:
        """The path of an output's audio, or None if there is none."""
        self.check_mount()
        parsed = parse_audio_name(name)
        if parsed is None:
            return None
        paths = (folder / name for folder in self._places(parsed[0]))
        return next((path for path in paths if _is_file(path)), None)

    def owner(self, stem: str) -> str | None:
        """The output's owner; see ``owner_in``."""
        self.check_mount()
        return owner_in(*(folder / (stem + SIDECAR) for folder in self._places(stem)))

    def delete(self, stem: str) -> bool:
        """Remove an output of whatever format; whether there was one."""
        # The sidecar goes first: what the history finds has its sound.
        names = [stem + SIDECAR, *(audio_name(stem, known) for known in MEDIA_TYPES)]
        partition = self.path / partition_of(stem)
        refused: PermissionError | None = None
        try:
            inside = _unlink_all(partition, names)
        except PermissionError as error:
            # It may lie beside, as what its partition does not take does.
            inside, refused = False, error
        if inside:
            # It has the text; the next pass writes another.
            with contextlib.suppress(OSError):
                (self.path / catalogue_of(partition_of(stem))).unlink()
            self.tell_of(partition_of(stem))
        beside = _unlink_all(self.path, names)
        if refused and not beside:
            raise refused
        return inside or beside

    def tell_of(self, partition: str) -> None:
        """Have nodes look at a partition that they look at no more: the times of the folders above
        it change."""
        for folder in (self.path / day_of(partition), self.path):
            # One that is gone has told by that; one of another user is looked at in time, too.
            with contextlib.suppress(OSError):
                os.utime(folder)

    def meet(self) -> None:
        """Look whether it is mounted, and what its server's clock shows if it takes files."""
        self.check_mount()
        with contextlib.suppress(OSError):
            self.probe()

    def probe(self) -> None:
        """Find out whether it takes files, by giving it one."""
        self.check_mount()
        try:
            self._probe(self._made(PROBES))
        except (PermissionError, NotADirectoryError):
            self._probe(self.path)

    def _places(self, stem: str) -> tuple[Path, Path]:
        """Folders in which an output may be; the likely one first."""
        inside = self.path / partition_of(stem)
        return (inside, self.path) if self._partitioned else (self.path, inside)

    def _save(self, folder: Path, files: OutputFiles) -> None:
        path = folder / files.audio_name
        self._write(path, files.audio)
        try:
            # The sidecar comes last: what the history finds has its sound.
            atomic.write(folder / (files.stem + SIDECAR), files.sidecar)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    def _save_in(self, partition: str, files: OutputFiles) -> Path:
        folder = self.path / partition
        made = False
        for _ in range(_TRIES):
            try:
                self._save(folder, files)
                break
            except FileNotFoundError:
                made = True
                # A pass may remove an empty one between the two.
                with contextlib.suppress(FileNotFoundError):
                    self._made(day_of(partition))
                    self._made(partition)
        else:
            self._save(folder, files)
        if made or self._is_late(files.stem):
            self.tell_of(partition)
        return folder

    def _made(self, name: str) -> Path:
        """A folder in the shared one, for whom that one is for."""
        folder = self.path / name
        mode = stat.S_IMODE(self.path.stat().st_mode)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            with contextlib.suppress(OSError):
                folder.chmod(mode)
        return folder

    def _probe(self, folder: Path) -> None:
        path = folder / f"{atomic.UNFINISHED}probe-{os.getpid()}"
        try:
            self._write(path, b"\0" * 4096)
        finally:
            _unlink(path)

    def _is_late(self, stem: str) -> bool:
        """Tell whether nodes may not look at its partition any more: it waited in a spool, or took
        long to make."""
        try:
            return abs(self.clock.now() - moment_of(stem)) > LENGTH
        except ValueError:
            return True

    def _write(self, path: Path, data: bytes) -> None:
        began = self.clock.begin()
        self.clock.seen(began, atomic.write(path, data))


def _unlink_all(folder: Path, names: list[str]) -> bool:
    """Remove them; whether there was one."""
    removed = [_unlink(folder / name) for name in names]
    return any(removed)


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False
