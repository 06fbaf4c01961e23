"""Sets of wheels on the control machine: a folder for each environment and kind of host.

Each is for one release of Python and is never changed once it is complete, so that nobody finds
half of it, whoever else fetches and wherever that is cut.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path

from ...durable_file import write_durably
from ...facts.host_python import HostPython

LIST = "wheels.txt"
"""Written when a set is complete."""


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
                return folder
        return None

    @contextmanager
    def making(self, host: HostPython) -> Iterator[Path]:
        """Hold a host's set for the time of the block, waiting for others that make it: an empty
        folder, which takes the set's place after ``complete``."""
        folder = self.folder(host)
        self.root.mkdir(parents=True, mode=0o700, exist_ok=True)
        with (self.root / f".{folder.name}.lock").open("a") as lock:
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
    """Say of a folder that it has all packages, which these lines pin."""
    write_durably(folder / LIST, "".join(f"{line}\n" for line in lines))
