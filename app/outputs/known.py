"""A node's knowledge of the shared folder's outputs, without asking it."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from .catalogue import Chunk
from .index import Entry, Index
from .names import SIDECAR, is_stem, parse_audio_name
from .partitions import belongs, first_of, last_of, partitions_in
from .sidecar import Sidecar, Stamp
from .walk import WARM, Changes, Listing, Places, Visited

_PAUSE = 60.0
"""Seconds until a partition that could not be listed is tried again."""
Read = list[tuple[str, Sidecar]]
"""Sidecars that were read, with their outputs' stems."""


class Known:
    """Names of the files, contents of their sidecars, and those that have not been read.

    Of what is in partitions the names are in the index alone. For one thread at a time. Raises
    sqlite3.Error when the node's own disk does not work.
    """

    def __init__(self) -> None:
        self.index = Index()
        self.places = Places()
        self.names: dict[str, int] = {}
        """The files in the shared folder itself, and the number of the last listing they were
        in."""
        self._listings = 0
        self.unread: list[str] = []
        """Stems, the oldest first."""
        self._unreadable: dict[str, Stamp | None] = {}
        """Sidecars that no node wrote, or that could not be read."""
        self.unlisted: list[str] = []
        """Partitions whose names are not known, the oldest first."""
        self._partition: dict[str, str] = {}
        """Of each stem in a partition whose sidecar is not in the index."""
        self._chunks: dict[str, list[Chunk]] = {}
        """Parts of catalogues that have not been read, by partition, the oldest first."""
        self._refused: set[str] = set()
        """Partitions that could not be listed."""
        self._again = 0.0
        """Time at which that is tried again."""

    def take(self, changes: Changes, now: float) -> None:
        """Learn what has changed. ``now`` is by the steady clock."""
        if self._refused and now >= self._again:
            self.unlisted = sorted({*self.unlisted, *self._refused})
            self._refused.clear()
        if changes.top:
            self.places.top = changes.top[0]
            self._list(changes.top[1])
        for failed in changes.failed:
            self._look_again(failed)
        for day, listing in changes.days.items():
            self._take_day(day, listing, now)
        for partition, listing in changes.partitions.items():
            if partition in self.places.partitions:
                self._take_partition(partition, listing, now)

    def open(
        self, partition: str, listing: Listing | None, chunks: list[Chunk], now: float
    ) -> None:
        """Learn the names of a partition that was not listed."""
        place = bisect_left(self.unlisted, partition)
        if self.unlisted[place : place + 1] == [partition]:
            del self.unlisted[place]
            if listing and chunks:
                self._chunks[partition] = chunks
            self._take_partition(partition, listing, now)

    def refuse(self, partition: str, now: float) -> None:
        """Do without a partition that cannot be listed, for a while."""
        place = bisect_left(self.unlisted, partition)
        if self.unlisted[place : place + 1] == [partition]:
            del self.unlisted[place]
            self._refused.add(partition)
            self._again = now + _PAUSE

    def edge(self, before: str) -> str:
        """The newest stem older than ``before`` whose sidecar has not been read, or behind which a
        partition begins that was not listed; empty if none."""
        place = bisect_left(self.unread, before)
        edge = self.unread[place - 1] if place else ""
        place = bisect_left(self.unlisted, before, key=first_of)
        if place:
            end = last_of(self.unlisted[place - 1])
            edge = max(edge, end if end < before else _just_before(before))
        return edge

    def next_unlisted(self) -> str:
        """The newest partition that was not listed, if nothing newer is unread; else empty."""
        if not self.unlisted:
            return ""
        newest = self.unlisted[-1]
        return newest if not self.unread or last_of(newest) > self.unread[-1] else ""

    def place_of(self, stem: str) -> str:
        """The partition of an output that is not in the index; empty where it is in none."""
        return self._partition.get(stem, "")

    def chunk_for(self, stem: str) -> Chunk | None:
        """The part of a catalogue that may tell of an unread output; each is given once."""
        chunks = self._chunks.get(self.place_of(stem), [])
        place = bisect_left(chunks, stem, key=lambda chunk: chunk.last)
        return chunks.pop(place) if place < len(chunks) and chunks[place].first <= stem else None

    def learn(self, read: Read) -> None:
        """Store the content of sidecars that have been read."""
        # What was deleted meanwhile is in neither.
        self._keep([item for item in read if self._strike(item[0])])

    def unreadable(self, most: int) -> dict[str, Stamp | None]:
        """Choose some that could not be read; others each time, where there are more than
        ``most``."""
        some = dict(islice(self._unreadable.items(), most))
        for stem in some:
            self._unreadable[stem] = self._unreadable.pop(stem)
        return some

    def learn_again(self, read: Read) -> None:
        """Store the content of sidecars that have been read once more."""
        self._keep([item for item in read if item[0] in self._unreadable])

    def _take_day(self, day: str, listing: Listing | None, now: float) -> None:
        if listing:
            known = self.places.partitions.keys() | self._refused
            new = set(partitions_in(day, listing[1])) - known
            self.unlisted = sorted({*self.unlisted, *new})
            self.places.days[day] = Visited(listing[0], now + WARM)
        else:
            self.places.days.pop(day, None)

    def _take_partition(self, partition: str, listing: Listing | None, now: float) -> None:
        if listing is None:
            self._forget(partition)
            return
        self.places.partitions[partition] = Visited(listing[0], now + WARM)
        there = _whole(listing[1], partition)
        # A catalogue speaks of what is there.
        told = self.index.stems(partition, first_of(partition), last_of(partition))
        told |= {stem for stem, where in self._partition.items() if where == partition}
        self._drop(told - there, partition)
        come = there - told
        self._partition |= dict.fromkeys(come, partition)
        self._add_unread(come)

    def _forget(self, partition: str) -> None:
        self.places.partitions.pop(partition, None)
        self._chunks.pop(partition, None)
        if partition in self.unlisted:
            self.unlisted.remove(partition)
        gone = self.index.stems(partition, first_of(partition), last_of(partition))
        gone |= {stem for stem, where in self._partition.items() if where == partition}
        self._drop(gone, partition)

    def _list(self, names: list[str]) -> None:
        """The shared folder itself holds these names now."""
        come, gone = self._compare(names)
        self._drop(gone, "")
        if self.places.partitions:
            # What is in one too is shown from there.
            come = {stem for stem in come if not self.index.partition_of(stem)}
        self._add_unread(come)

    def _drop(self, gone: set[str], partition: str) -> None:
        """These are not there any more. One may be elsewhere as well."""
        self.index.remove(gone, partition)
        mine = {stem for stem in gone if self.place_of(stem) == partition}
        for stem in mine:
            self._unreadable.pop(stem, None)
            self._partition.pop(stem, None)
        if mine:
            self.unread = [stem for stem in self.unread if stem not in mine]
        if partition:
            self._add_unread({stem for stem in gone if stem + SIDECAR in self.names})

    def _look_again(self, folder: str) -> None:
        """It could not be looked at: it is, the next time."""
        for folders in (self.places.days, self.places.partitions):
            if visited := folders.get(folder):
                folders[folder] = replace(visited, seen=replace(visited.seen, final=False))

    def _add_unread(self, come: set[str]) -> None:
        new = sorted(come)
        if self.unread:
            new = [stem for stem in new if not self._is_unread(stem)]
        self.unread += new
        # Two runs, which are merged.
        self.unread.sort()

    def _is_unread(self, stem: str) -> bool:
        place = bisect_left(self.unread, stem)
        return self.unread[place : place + 1] == [stem]

    def _compare(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Stems of the sidecars that have come and gone since the last listing."""
        # Sets of all names would be subtracted in one piece, for which the event loop has to wait.
        self._listings += 1
        come = []
        for name in names:
            if name not in self.names:
                come.append(name)
            self.names[name] = self._listings
        gone = [name for name, listing in self.names.items() if listing != self._listings]
        for name in gone:
            del self.names[name]
        return _stems(come), _stems(gone)

    def _keep(self, read: Read) -> None:
        entries = []
        for stem, sidecar in read:
            self._unreadable.pop(stem, None)
            partition = self.place_of(stem)
            if sidecar.record:
                self._partition.pop(stem, None)
                entries.append(Entry.of(stem, sidecar.record, sidecar.content, partition))
            else:
                self._unreadable[stem] = sidecar.stamp
        self.index.add(entries)

    def _strike(self, stem: str) -> bool:
        place = bisect_left(self.unread, stem)
        if self.unread[place : place + 1] != [stem]:
            return False
        del self.unread[place]
        return True


def _stems(names: Iterable[str]) -> set[str]:
    found = (name.removesuffix(SIDECAR) for name in names if name.endswith(SIDECAR))
    return {stem for stem in found if is_stem(stem)}


def _whole(names: list[str], partition: str) -> set[str]:
    """Stems of a partition's outputs that have their sound."""
    sounds = {parsed[0] for name in names if (parsed := parse_audio_name(name))}
    return {stem for stem in _stems(names) & sounds if belongs(stem, partition)}


def _just_before(stem: str) -> str:
    """A text before ``stem`` with no stem between the two; before what ``Search.reach`` makes of
    it, too."""
    if stem.endswith("!"):
        return stem[:-1]
    last = ord(stem[-1])
    return f"{stem[:-1]}{chr(last - 1)}~" if last else stem[:-1]
