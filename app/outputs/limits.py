"""Limits of what stays in the shared folder, and what a pass over it removed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .uploads import Uploads

INTERVAL = 600.0
"""Seconds between two passes over a folder, by whichever node."""
GRACE = 3600.0
"""Seconds after which something unfinished is not being written any more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something else in the folder that is kept with the outputs, and counts for their size."""

    name: str
    size: int
    changed: float | None
    """Seconds since the epoch; None for what is not finished, and stays."""
    remove: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits of the outputs that stay; 0 is no limit."""

    days: float = 0
    total_bytes: int = 0
    uploads: Uploads | None = None
    others: Callable[[], Iterable[Kept]] = tuple
    """Finds what else counts for ``total_bytes``, and goes for it; its days are counted elsewhere.
    Raises OSError."""


@dataclass(slots=True)
class Removed:
    """Number and size of the files that a pass removed."""

    outputs: int = 0
    others: int = 0
    leftovers: int = 0
    """Unfinished files, sound without a sidecar, sidecars without sound."""
    bytes: int = 0
    uploads: int = 0
