"""The record of a lab: one folder, readable by root only, with one JSON record in it."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..durable_file import write_durably
from .errors import LabError
from .partition import Cut
from .topology import Topology, checked_name

BASE = Path("/run/cosyvoice-lab")
DISKS = Path("/var/lib/cosyvoice-lab")
"""Folder of the disks of bare machines: /run is often in memory."""
_GIVING_WAY = 0.5
"""Seconds."""


class Phase(StrEnum):
    """The point to which a lab has come."""

    MAKING = "making"
    UP = "up"


@dataclass(frozen=True)
class Forward:
    """A port of 127.0.0.1 on the host that leads to a port on the lab's LAN."""

    host_port: int
    address: str
    port: int


@dataclass(frozen=True)
class Record:
    """A lab as it was made; whether its machines still run is asked of the kernel instead."""

    topology: Topology
    ssh_ports: dict[str, int]
    """Machine to its sshd's port on 127.0.0.1."""
    forwards: tuple[Forward, ...]
    """Further ports; the first is the app's on the VIP."""
    created: float
    """Seconds since the epoch."""
    phase: Phase
    cuts: tuple[Cut, ...] = ()


_RECORD = TypeAdapter(Record)


class StateFolder:
    """The files of one lab, below /run: they are gone after a reboot, as the lab is. The disks of
    bare machines are left then, for `down` or the next `up` to remove."""

    def __init__(self, name: str, base: Path = BASE, disks: Path = DISKS) -> None:
        self.name = checked_name(name)
        self.base = base
        self.disks = disks / name
        self.path = base / name
        self.record_file = self.path / "lab.json"
        self.key = self.path / "id_ed25519"
        self.known_hosts = self.path / "known_hosts"
        self.ssh_config = self.path / "ssh_config"
        self.inventory = self.path / "inventory.yaml"
        self.sudo_password = self.path / "sudo_password"
        self.forwarder_log = self.path / "forwarder.log"
        self.apt_socket = self.path / "apt.socket"
        self.apt_log = self.path / "apt-cache.log"

    def node(self, name: str) -> Path:
        """The folder of one machine."""
        return self.path / "nodes" / name

    def disk(self, name: str) -> Path:
        """The folder of a bare machine's disk."""
        return self.disks / name

    def console(self, name: str) -> Path:
        """Return the file of what a machine's kernel and init have said."""
        return self.node(name) / "console.log"

    def read(self) -> Record | None:
        """The record; None if there is none.

        Raises LabError if it may not be read or is damaged.
        """
        try:
            return _RECORD.validate_json(self.record_file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise LabError(f"Only root may look into {self.path}; run this with sudo.") from error
        except ValidationError as error:
            raise LabError(
                f"{self.record_file} is damaged. Remove the lab: cluster lab down"
                f" --name {self.name}"
            ) from error

    def write(self, record: Record) -> None:
        """Replace the record, never leaving half of one."""
        write_durably(self.record_file, _RECORD.dump_json(record, indent=2).decode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder if need be and hold it, so that two commands do not build at once.

        The lock is the kernel's (flock(2) on the folder) and falls with the process.

        Raises LabError if another command holds it.
        """
        handle = self._lock()
        try:
            yield
        finally:
            os.close(handle)

    def _lock(self) -> int:
        self.base.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        if not _taken(handle):
            os.close(handle)
            raise LabError(
                f"Another command is at work on the lab {self.name!r}; wait for it or stop it."
            )
        with suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == self.path.stat().st_ino:
                return handle
        # A `down` removed the folder between opening and locking it: take the new one.
        os.close(handle)
        return self._lock()

    def empty(self) -> None:
        """Delete what is in the folder, and the disks."""
        if self.disks.is_dir():
            shutil.rmtree(self.disks)
            with suppress(OSError):
                self.disks.parent.rmdir()
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def remove(self) -> None:
        """Delete the empty folder, and the one it is in if it was the last."""
        self.path.rmdir()
        with suppress(OSError):
            self.base.rmdir()


def _taken(handle: int) -> bool:
    """Take the lock of an open folder. A command that was killed while it started a program has
    left a copy of itself, which holds the lock until it has become that program."""
    deadline = time.monotonic() + _GIVING_WAY
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def names(base: Path = BASE) -> list[str]:
    """The labs that have a folder. Raises LabError if only root may know."""
    try:
        return sorted(entry.name for entry in base.iterdir() if entry.is_dir())
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise LabError(f"Only root may look into {base}; run this with sudo.") from error
