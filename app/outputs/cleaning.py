"""A pass over the shared folder, which removes what its limits say.

A partition that nothing comes to any more is looked through once, and then its catalogue tells of
it: a pass costs as much as there are partitions, and not outputs.
"""

import contextlib
import logging
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import atomic, catalogue
from .limits import GRACE, INTERVAL, Kept, Removed, Retention
from .names import SIDECAR, is_stem, parse_audio_name
from .partitions import (
    CATALOGUE,
    LENGTH,
    catalogue_of,
    day_of,
    end_of,
    is_day,
    partition_at,
    partitions_in,
)
from .shared import PROBES, SharedFolder
from .sidecar import read_sidecar

_DAY = 86400.0
_REST = 2 * LENGTH.total_seconds()
"""Seconds after the end of a partition from which on it is taken for complete."""
_log = logging.getLogger("app.outputs")
_TICK_NS = 3_000_000_000
"""Longer than a tick of any file system's clock: a later change shows in the folder's time."""


@dataclass(slots=True)
class _Item:
    """Files in a folder under one stem."""

    stem: str
    partition: str
    """Empty in the shared folder itself."""
    size: int = 0
    changed: float = 0
    names: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return len(self.names) > 1 and any(name.endswith(SIDECAR) for name in self.names)


@dataclass(frozen=True, slots=True)
class _Tally:
    """A partition, as its catalogue has it."""

    partition: str
    size: int
    end: float
    """Seconds since the epoch."""


class Cleaning:
    """One pass over the folder; ``now`` is by the file server's clock."""

    def __init__(self, folder: SharedFolder, limits: Retention, now: float) -> None:
        self._folder = folder
        self._limits = limits
        self._now = now
        self._removed = Removed()
        self._touched: set[str] = set()
        """Partitions from which something went, or in which nothing is."""
        self._untold: set[str] = set()
        """Partitions that have changed since their catalogue was written."""
        self._uncatalogued: dict[str, tuple[dict[str, _Item], int]] = {}
        """Complete partitions without a catalogue, and the times of their last changes in ns."""
        self._passed_over: set[str] = set()
        """Folders of which it was told that something cannot be done in them."""

    def run(self) -> Removed:
        """Remove what has to go."""
        with self._passing_over(PROBES):
            self._items(PROBES)
        partitions = self._partitions()
        found: list[_Item | _Tally] = list(self._items("").values())
        for partition in partitions:
            found += self._contents(partition)
        others = list(self._limits.others()) if self._limits.total_bytes else []
        for due in [*self._surplus([*found, *others])][::-1]:
            with self._passing_over(getattr(due, "partition", "")):
                self._remove(due)
        for partition in self._touched:
            self._tidy(partition)
        # Behind all that makes room: a full disk takes none.
        for partition, (items, changed) in self._uncatalogued.items():
            if partition not in self._touched and not self._write_catalogue(
                partition, items, changed
            ):
                break
        if partitions:
            # Of what a node changed that died before it told.
            latest = {partitions[-1], partition_at(self._now)}
            for partition in self._touched | self._untold | latest:
                self._folder.tell_of(partition)
        return self._removed

    def _partitions(self) -> list[str]:
        """All of them, the oldest first. What is left beside them of those that are gone goes."""
        found: list[str] = []
        root = self._folder.path
        for day in sorted(name for name in os.listdir(root) if is_day(name)):  # noqa: PTH208
            with self._passing_over(day):
                names = os.listdir(root / day)  # noqa: PTH208
                there = partitions_in(day, names)
                found += sorted(there)
                if self._sweep(day, names, there) and not there:
                    _remove_folder(root / day)
        return found

    def _sweep(self, day: str, names: list[str], there: list[str]) -> bool:
        """Remove from a day's folder the catalogues of partitions that are gone, and what passes
        that were killed left; whether there was any."""
        folder = self._folder.path / day
        catalogued = [name.removesuffix(CATALOGUE) for name in names if name.endswith(CATALOGUE)]
        orphans = set(partitions_in(day, catalogued)) - set(there)
        left = [name for name in names if name.startswith(atomic.UNFINISHED)]
        old = [name for name in left if self._is_old(folder / name)]
        _unlink(self._folder.path, [catalogue_of(partition) for partition in orphans])
        _unlink(folder, old)
        self._removed.leftovers += len(old)
        return bool(orphans or old)

    def _is_old(self, path: Path) -> bool:
        return path.stat().st_mtime < self._now - GRACE

    def _contents(self, partition: str) -> list[_Item | _Tally]:
        """A partition that is complete as a whole, of another each output."""
        end = _end(partition)
        if end is None:
            return []
        with self._passing_over(partition):
            changed = (self._folder.path / partition).stat().st_mtime_ns
            complete = self._now > end + _REST
            known = catalogue.read_head(self._folder.path / catalogue_of(partition))
            if known and known.changed != changed:
                # It may have the text of what is deleted.
                _unlink(self._folder.path, [catalogue_of(partition)])
                self._untold.add(partition)
            elif known and complete:
                return [_Tally(partition, known.size, end)]
            items, unfinished = self._looked_through(partition)
            if not items:
                self._touched.add(partition)
            settled = complete and self._now * 1e9 - changed > _TICK_NS
            if settled and not unfinished and all(item.whole for item in items.values()):
                self._uncatalogued[partition] = (items, changed)
            return list(items.values())
        return []

    def _items(self, folder: str) -> dict[str, _Item]:
        """Outputs in a partition or in the shared folder itself, by their stems."""
        return self._looked_through(folder)[0]

    def _looked_through(self, partition: str) -> tuple[dict[str, _Item], bool]:
        """Outputs in a folder, by their stems, and whether something there is unfinished. What has
        been so for long goes."""
        items: dict[str, _Item] = {}
        unfinished = False
        folder = self._folder.path / partition
        for name, size, changed in _files(folder):
            if name.startswith(atomic.UNFINISHED):
                unfinished = True
                if changed < self._now - GRACE:
                    with self._passing_over(partition):
                        _unlink(folder, [name])
                        self._removed.leftovers += 1
                        self._removed.bytes += size
            elif stem := _stem(name):
                item = items.setdefault(stem, _Item(stem, partition))
                item.names.append(name)
                item.size += size
                item.changed = max(item.changed, changed)
        return items, unfinished

    def _write_catalogue(self, partition: str, items: dict[str, _Item], changed: int) -> bool:
        """Write it, if nothing has changed meanwhile; whether the folder takes files."""
        path = self._folder.path / partition
        beside = self._folder.path / catalogue_of(partition)
        read = [(stem, read_sidecar(path / (stem + SIDECAR))) for stem in sorted(items)]
        sidecars = [(stem, found.content) for stem, found in read if found and found.record]
        with self._passing_over(partition):
            catalogue.write(beside, changed, sum(item.size for item in items.values()), sidecars)
            if path.stat().st_mtime_ns != changed:
                # It may have the text of what was deleted.
                beside.unlink()
            return True
        return False

    def _surplus(self, found: Iterable[_Item | _Tally | Kept]) -> Iterator[_Item | Kept]:
        """Choose what has to go, the newest first."""
        limits, now = self._limits, self._now
        size = 0
        for item in self._opened(sorted(found, key=_newness, reverse=True)):
            size += item.size
            age = now - _newness(item)[0]
            if isinstance(item, Kept):
                due = 0 < limits.total_bytes < size and age > INTERVAL
            elif isinstance(item, _Tally):
                continue
            elif not item.whole:
                due = age > GRACE
            else:
                too_old = 0 < limits.days * _DAY < age
                # Whoever asked for it a moment ago is still about to hear it.
                too_much = 0 < limits.total_bytes < size and age > INTERVAL
                due = too_old or too_much
            if due:
                yield item

    def _opened(self, found: Iterable[_Item | _Tally | Kept]) -> Iterator[_Item | _Tally | Kept]:
        """The same, with each output of a partition of which some may have to go."""
        size = 0
        oldest = self._now - self._limits.days * _DAY if self._limits.days else 0.0
        for item in found:
            size += item.size
            too_much = 0 < self._limits.total_bytes < size
            too_old = isinstance(item, _Tally) and item.end - LENGTH.total_seconds() < oldest
            if isinstance(item, _Tally) and (too_much or too_old):
                with self._passing_over(item.partition):
                    items = self._items(item.partition).values()
                    yield from sorted(items, key=_newness, reverse=True)
            else:
                yield item

    def _remove(self, due: _Item | Kept) -> None:
        if isinstance(due, Kept):
            due.remove()
            self._removed.others += 1
            self._removed.bytes += due.size
            return
        if due.partition:
            self._touched.add(due.partition)
        _unlink(self._folder.path / due.partition, due.names)
        self._removed.bytes += due.size
        if due.whole:
            self._removed.outputs += 1
        else:
            self._removed.leftovers += 1

    @contextlib.contextmanager
    def _passing_over(self, folder: str) -> Iterator[None]:
        """Go on with the others where something cannot be done in one folder."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            # Gone since it was listed, or somebody's file.
            pass
        except OSError as error:
            if folder not in self._passed_over:
                self._passed_over.add(folder)
                told = {"folder": folder}
                _log.warning("a folder is left as it is: %s", error.strerror, extra=told)

    def _tidy(self, partition: str) -> None:
        """Remove the catalogue of a partition from which something went, and its folder where
        nothing is in it, and is to come."""
        root = self._folder.path
        end = _end(partition)
        with self._passing_over(partition):
            (root / catalogue_of(partition)).unlink(missing_ok=True)
            if end is not None and self._now > end + _REST and _remove_folder(root / partition):
                _remove_folder(root / day_of(partition))


def _remove_folder(path: Path) -> bool:
    """Remove a folder that holds nothing; whether it did."""
    try:
        path.rmdir()
    except OSError:
        return False
    return True


def _end(partition: str) -> float | None:
    """The end of a partition, in seconds since the epoch; None where its name is no time."""
    try:
        return end_of(partition).timestamp()
    except (ValueError, OverflowError):
        return None


def _newness(item: _Item | _Tally | Kept) -> tuple[float, str]:
    """The time of the last change, and a name for those of the same; without end for what is not
    finished."""
    if isinstance(item, Kept):
        return math.inf if item.changed is None else item.changed, item.name
    if isinstance(item, _Tally):
        return item.end, item.partition
    return item.changed, item.stem


def _files(folder: Path) -> Iterator[tuple[str, int, float]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            # Another node's history may delete at the same time.
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    yield entry.name, found.st_size, found.st_mtime


def _stem(name: str) -> str:
    if name.endswith(SIDECAR) and is_stem(name.removesuffix(SIDECAR)):
        return name.removesuffix(SIDECAR)
    parsed = parse_audio_name(name)
    return parsed[0] if parsed else ""


def _unlink(folder: Path, names: list[str]) -> None:
    # The sidecar first: what the history finds has its sound.
    for name in sorted(names, key=lambda name: not name.endswith(SIDECAR)):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
