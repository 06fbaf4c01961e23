"""Sets of wheels on the control machine: a folder for each environment and kind of host.

Each is for one release of Python and is never changed once it is complete, so that nobody finds
half of it, whoever else fetches and wherever that is cut.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from ...durable_file import flush, write_durably
from ...facts.host_python import HostPython

LIST = "wheels.txt"
"""Written when a set is complete, and touched when it is taken."""
_IN_USE = 86_400
"""Seconds for which a set that was taken may still be read, by whoever took it."""


@dataclass(frozen=True, slots=True)
class WheelSets:
    """Sets for one environment."""

    root: Path
    key: str | None
    """Checksum of the environment's requirements; None where a bundle is of a release that has no
    environment."""

    def folder(self, host: HostPython) -> Path:
        """Place of the set that is for the release of a host's Python."""
        return self.root / f"{self.key}-{host}"

    def fitting(self, host: HostPython) -> Path | None:
        """The newest complete set that fits a host: what fits a release of its Python fits those
        after it."""
        major, minor, last = host.version
        for number in range(last, -1, -1):
            folder = self.folder(replace(host, version=(major, minor, number)))
            if is_complete(folder):
                with suppress(PermissionError):
                    os.utime(folder / LIST)
                return folder
        return None

    def forget_others(self, keep: int) -> None:
        """Delete sets of all environments but this one and the ``keep - 1`` that were taken last,
        unless they were taken within a day."""
        with (self.root / ".forgetting.lock").open("a") as lock:
            flock(lock, LOCK_EX)
            taken: dict[str, float] = {}
            for folder in self._complete():
                key = _key(folder)
                taken[key] = max(taken.get(key, 0), (folder / LIST).stat().st_mtime)
            taken.pop(str(self.key), None)
            newest = sorted(taken, key=taken.__getitem__, reverse=True)
            since = time.time() - _IN_USE
            old = {key for key in newest[keep - 1 :] if taken[key] < since}
            self._sweep()
            for folder in self._complete():
                if _key(folder) in old:
                    # Whole or not there, wherever this is cut.
                    folder.replace(self.root / f".{folder.name}.gone")
            self._sweep()

    def _complete(self) -> list[Path]:
        return [path for path in self.root.glob("[!.]*") if is_complete(path)]

    def _sweep(self) -> None:
        for folder in self.root.glob(".*.gone"):
            shutil.rmtree(folder)

    @contextmanager
    def making(self, host: HostPython, wait: Callable[[], None]) -> Iterator[Path]:
        """Hold a host's set for the time of the block: an empty folder, which takes the set's place
        after ``complete``. Calls ``wait`` before it waits for others that make it."""
        folder = self.folder(host)
        self.root.mkdir(parents=True, mode=0o700, exist_ok=True)
        with (self.root / f".{folder.name}.lock").open("a") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                wait()
                flock(lock, LOCK_EX)
            part = self.root / f".{folder.name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o700)
            try:
                yield part
                if is_complete(part):
                    # Of a bundle whose unpacking was cut.
                    shutil.rmtree(folder, ignore_errors=True)
                    part.replace(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)


def is_complete(folder: Path) -> bool:
    """Tell whether a folder has all packages."""
    return (folder / LIST).is_file()


def complete(folder: Path, lines: list[str]) -> None:
    """Say of a folder that it has all packages, which these lines pin.

    They are on the disk before: a power cut leaves no list of wheels that are not.
    """
    for path in folder.iterdir():
        flush(path)
    write_durably(folder / LIST, "".join(f"{line}\n" for line in lines))


def _key(folder: Path) -> str:
    return folder.name.partition("-")[0]
