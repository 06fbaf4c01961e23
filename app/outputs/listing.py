"""The names in the shared folder, listed again only when they may have changed.

File systems keep times roughly, FAT to two seconds: within one tick a folder can change again and
keep its time. So a listing is final only when the folder's time had been seen a while before it, or
another folder was seen to have been changed a while later. That takes no clock but this host's
steady one and the file server's.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .sidecar import Stamp, stamp_of

_TICK = 3.0
"""Seconds that are longer than a tick of any file system."""
_TICK_NS = int(_TICK * 1e9)


@dataclass(frozen=True, slots=True)
class Seen:
    """A state of the folder that was listed."""

    stamp: Stamp
    since: float
    """Time at which it was seen first, by the steady clock."""
    final: bool
    """True if a change after its listing must show in the stamp."""

    @property
    def changed(self) -> int:
        """Time of its last change in ns since the epoch, by the file server."""
        return self.stamp[3]


def list_changed(
    folder: Path, known: Seen | None, now: float, latest: int = 0
) -> tuple[Seen, list[str]] | None:
    """State and names of the folder; None when they must still be what is ``known``.

    ``now`` is by the steady clock, ``latest`` the time of any change on the file server before, in
    ns since the epoch. Raises OSError.
    """
    # Opened, not asked by its name: NFS then asks the server instead of its memory.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        stamp = stamp_of(os.fstat(descriptor))
        same = known is not None and known.stamp == stamp
        if known and same and known.final:
            return None
        since = known.since if known and same else now
        # What changes from here on has a later stamp, or is in the names, or comes within a tick.
        names = os.listdir(descriptor)  # noqa: PTH208 - a descriptor is not a path
        final = now - since >= _TICK or latest - stamp[3] >= _TICK_NS
        return Seen(stamp, since, final), names
    finally:
        os.close(descriptor)
