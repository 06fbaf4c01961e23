"""Walks through the shared folder: names in it and in its partitions, where they may have changed.

A folder that changed a short while ago is looked at each time. Of the others nodes are told by the
times of the folders above (``SharedFolder.tell_of``): when the shared folder has changed all days
are looked at, and when a day has, all its partitions.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .listing import Seen, list_changed
from .partitions import LENGTH, day_of, is_day, partition_at

WARM = 1800.0
"""Seconds for which a folder is looked at each time after it has changed: three times as long as
outputs come to a partition without a word to anybody."""
_SLACK = 2 * LENGTH.total_seconds() + 120
"""Seconds after the beginning of a partition until nothing comes to it without a word, and a few
more: nodes know the file server's clock roughly."""
_log = logging.getLogger("app.outputs")

Listing = tuple[Seen, list[str]]


@dataclass(frozen=True, slots=True)
class Visited:
    """A folder that was listed."""

    seen: Seen
    until: float
    """Time until which it is looked at each time, by the steady clock."""

    def worth_a_look(self, now: float) -> bool:
        """Tell whether it may change, or have changed, without a word."""
        return now < self.until or not self.seen.final


@dataclass(slots=True)
class Places:
    """Folders as a node saw them last."""

    top: Seen | None = None
    """The shared folder; None before it was listed."""
    days: dict[str, Visited] = field(default_factory=dict)
    partitions: dict[str, Visited] = field(default_factory=dict)
    """Those that have been listed."""

    def copy(self) -> "Places":
        """The same, which stays as it is."""
        return Places(self.top, dict(self.days), dict(self.partitions))

    @property
    def latest(self) -> int:
        """Time of the shared folder's last change in ns since the epoch, by the file server: it is
        later now."""
        return self.top.changed if self.top else 0


@dataclass(slots=True)
class Changes:
    """Folders that are not as they were last; None for one that is gone."""

    top: Listing | None = None
    """None where it is as it was."""
    days: dict[str, Listing | None] = field(default_factory=dict)
    partitions: dict[str, Listing | None] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """Days and partitions that could not be looked at."""


def walk(folder: Path, known: Places, now: float) -> Changes:
    """Look at what may have changed. ``now`` is by the steady clock. Raises OSError."""
    found = Changes(list_changed(folder, known.top, now, known.latest))
    days = set(known.days)
    if found.top:
        days = {name for name in found.top[1] if is_day(name)}
        found.days = dict.fromkeys(known.days.keys() - days)
    latest = found.top[0].changed if found.top else known.latest
    # To partitions before this one nothing comes without a word.
    open_ones = partition_at(latest / 1e9 - _SLACK)
    warm_days = {max(days, default=""), day_of(open_ones)}
    look = _Look(folder, now, latest, found.failed)
    for day in days:
        visited = known.days.get(day)
        if found.top or day in warm_days or not visited or visited.worth_a_look(now):
            found.days |= look.changes(day, visited)
    for partition, visited in known.partitions.items():
        is_open = partition >= open_ones and visited.worth_a_look(now)
        if day_of(partition) in found.days or is_open or not visited.seen.final:
            found.partitions |= look.changes(partition, visited)
    return found


def list_now(folder: Path, now: float, latest: int) -> Listing | None:
    """A folder that was not listed before; None if there is none. Raises OSError."""
    try:
        return list_changed(folder, None, now, latest)
    except (FileNotFoundError, NotADirectoryError):
        return None


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks at folders below ``root``, at one time."""

    root: Path
    now: float
    latest: int
    failed: set[str]

    def changes(self, name: str, visited: Visited | None) -> Iterator[tuple[str, Listing | None]]:
        """The folder's listing, if it is not as it was."""
        seen = visited.seen if visited else None
        try:
            listing = list_changed(self.root / name, seen, self.now, self.latest)
        except (FileNotFoundError, NotADirectoryError):
            yield name, None
        except OSError as error:
            self.failed.add(name)
            _log.warning("cannot look at a folder: %s", error.strerror, extra={"folder": name})
        else:
            if listing:
                yield name, listing
