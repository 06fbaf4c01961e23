"""Removal of what is too old or too much, and of what nodes that died left in the shared folder.

Ages are by the file server's clock, read from the folder itself, so that a node whose clock is
wrong deletes nothing too early. A lock lets one node at a time do it; where the file system has
no locks two nodes may, which does no harm: both would remove the same, oldest first. Every step
is one removal, so it may be killed anywhere.
"""

import errno
import fcntl
import os

from .cleaning import Cleaning
from .limits import INTERVAL, Removed, Retention
from .shared import SharedFolder
from .uploads import remove_old

_LOCK = ".retention"


def clean(folder: SharedFolder, limits: Retention) -> Removed | None:
    """Remove outputs once; None when another node is at it or was a short while ago. Raises
    OSError."""
    folder.check_mount()
    descriptor = os.open(folder.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "r+b", buffering=0) as lock:
        if not _locked(lock.fileno()):
            return None
        # Without a time of ours the file server takes its own.
        os.utime(lock.fileno())
        now = os.fstat(lock.fileno()).st_mtime
        # Less a little: this node's own passes are not exactly an interval apart.
        last, size = _last_pass(lock.read(64))
        if 0 <= now - last < INTERVAL * 0.9:
            if limits.uploads:
                limits.uploads.space.measured(size, now - last)
            return None
        removed = Cleaning(folder, limits, now).run()
        left = 0
        if limits.uploads:
            tidied = remove_old(limits.uploads, now)
            removed.uploads, left = tidied.removed, tidied.left
            limits.uploads.space.measured(left)
        told = f"{now!r} {left}\n".encode()
        os.pwrite(lock.fileno(), told, 0)
        os.ftruncate(lock.fileno(), len(told))
    return removed


def _locked(descriptor: int) -> bool:
    try:
        # A lock of the POSIX kind: NFS passes it to its server, and takes it back from the dead.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    return True


def _last_pass(content: bytes) -> tuple[float, int]:
    """Read the time of the last pass, and the bytes of uploads it left; an older release writes no
    bytes."""
    when, _, size = content.partition(b" ")
    try:
        return float(when), int(size or 0)
    except ValueError:
        return 0.0, 0
