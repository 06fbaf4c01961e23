"""A folder whose file server can be made to die: every access to it hangs in the kernel.

As on a hard NFS mount: not writes alone, as when a file system is frozen, but stat(2), open(2) and
statfs(2) too. A FUSE mount that answers its kernel's greeting and then nothing is laid over the
folder; no program is needed for it but this one. A hanging call ends with an error when the
mount goes, and with its process when that is killed.
"""

import ctypes
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.app import file_systems

needs_fuse = pytest.mark.skipif(
    os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK),
    reason="mounts file systems of its own kind (root and /dev/fuse)",
)

_libc = ctypes.CDLL(None, use_errno=True)
_HEAD = struct.Struct("=IIQQIIII")
"""A request's head: length, opcode, unique, and what else fuse_in_header has."""
_INIT = struct.Struct("=IIII")
_ANSWER = struct.Struct("=IiQ")
_INIT_ANSWER = struct.Struct("=IIIIHHI36x")


class DeadServer:
    """A mount over `folder` that hangs while its server is dead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._device = -1

    def die(self) -> None:
        """From now on every access to the folder hangs."""
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if _libc.mount(b"dead", bytes(self.folder), b"fuse", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")
        greeting = os.read(self._device, 1 << 16)
        unique = _HEAD.unpack_from(greeting)[2]
        major, minor, readahead, _ = _INIT.unpack_from(greeting, _HEAD.size)
        body = _INIT_ANSWER.pack(major, minor, readahead, 0, 0, 0, 4096)
        os.write(self._device, _ANSWER.pack(_ANSWER.size + len(body), 0, unique) + body)

    def revive(self) -> None:
        """The folder is what it was."""
        if self._device < 0:
            return
        # What hangs is answered with an error.
        os.close(self._device)
        self._device = -1
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


@contextmanager
def mortal(folder: Path) -> Iterator[DeadServer]:
    """A tmpfs on `folder` whose server can die."""
    with file_systems.small(folder, "64m"):
        server = DeadServer(folder)
        try:
            yield server
        finally:
            server.revive()
