"""The outputs of all nodes, newest first, as their sidecars tell of them.

A look has three steps, of which the first two ask the shared folder: ``refresh`` (which outputs are
there), ``read`` (some partitions and sidecars that are not known yet, the newest first) and
``advance`` (search what is known). Each sidecar is read once.
"""

import contextlib
import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .catalogue import read_chunk, read_head
from .index import words_of
from .known import Known, Read
from .names import SIDECAR, audio_name
from .partitions import catalogue_of
from .record import OutputRecord, record_of
from .sidecar import Stamp, read_sidecar
from .walk import list_now, walk

_SLICE = 0.25
"""Seconds after which no further sidecar is read in one step."""
_SLICE_BYTES = 8 << 20
_RETRIES = 200
"""Sidecars that could not be read and are tried again at each look, at most."""
_FUTURE = "~"
"""Newer than any stem."""


@dataclass(frozen=True, slots=True)
class Output:
    """A finished output: its name without suffix, what is known of it, and where it is."""

    stem: str
    record: OutputRecord
    folder: Path
    spooled: bool = False
    """It waits on the node's own disk until the shared folder works again."""

    @property
    def file_name(self) -> str:
        """The audio's file name."""
        return audio_name(self.stem, self.record.format)

    @property
    def path(self) -> Path:
        """The audio's path on this node."""
        return self.folder / self.file_name


@dataclass(frozen=True, slots=True)
class Found:
    """A part of the history."""

    outputs: list[Output]
    """Newest first."""
    older: str
    """Value of ``before`` for the next part; empty when there is nothing older."""
    unfinished: bool = False
    """True if the search ran out of time: nothing before ``older`` has been searched. The same
    search continues where it ended, for what was read stays known."""


@dataclass(slots=True)
class Search:
    """A search on its way from the newest output to the oldest."""

    words: list[bytes]
    count: int
    at: str
    """Everything newer has been searched."""
    owners: frozenset[str] | None = None
    """Those whose outputs are searched; None is everybody."""
    older: str = ""
    done: bool = False
    outputs: list[Output] = field(default_factory=list)

    @property
    def found(self) -> Found:
        """Outputs found until now."""
        return Found(self.outputs, self.older, not self.done)

    def take(self, output: Output) -> bool:
        """Take one that matches; whether it was one too many, which ends the search."""
        if len(self.outputs) < self.count:
            self.outputs.append(output)
        else:
            self._end_full()
        return self.done

    def reach(self, edge: str, last: str) -> None:
        """Note that all down to ``last`` has been searched; what is not known begins at ``edge``,
        if any."""
        # The sign is before all that a stem can go on with: the edge itself is older than this.
        self.at = f"{edge}!"
        self.older = (last or self.at) if edge else ""
        self.done = not edge
        if edge and len(self.outputs) == self.count:
            self._end_full()

    def _end_full(self) -> None:
        self.older = self.outputs[-1].stem
        self.done = True


def search_for(
    query: str, count: int, before: str = "", owners: frozenset[str] | None = None
) -> Search:
    """A search for at most ``count`` outputs that are older than the stem ``before``, if given,
    and belong to one of ``owners``.

    Every word of the query must occur in the text, voice, node or seed, or begin the name or the
    request's id, whatever its case or width.
    """
    return Search(words_of(query), count, before or _FUTURE, owners)


class History:
    """Index of a folder's outputs. May be used by several threads; ``clock`` is a steady one.

    Files that are not outputs, half-written ones, and sidecars that cannot be read are passed over;
    the last are tried again when they change.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        check_mount: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._check_mount = check_mount
        """Raises OSError where the folder is not mounted: then what is not there may be."""
        self._lock = threading.Lock()
        self._known = Known()
        self._listings = 0
        self._latest = 0
        """The number of the latest listing that came back: one that hung may come later."""

    @property
    def unread(self) -> int:
        """Outputs whose sidecars are not known yet, and partitions of which nothing is."""
        return len(self._known.unread) + len(self._known.unlisted)

    def search(self, query: str, count: int, before: str, seconds: float) -> Found:
        """A whole look, of about ``seconds`` at most, which reads a sidecar at least where it must.

        Raises OSError when the folder itself cannot be read.
        """
        end = self._clock() + seconds
        search = search_for(query, count, before)
        self.refresh()
        self.advance(search)
        while not search.done:
            self.read(count, min(_SLICE, end - self._clock()))
            self.advance(search)
            if self._clock() > end:
                break
        return search.found

    def refresh(self) -> None:
        """Learn which outputs are there now. Raises OSError when the folder cannot be read."""
        with self._lock:
            places = self._known.places.copy()
            self._listings += 1
            number = self._listings
        now = self._clock()
        changes = walk(self._folder, places, now)
        self._check_mount()
        with self._using() as known:
            if number > self._latest:
                self._latest = number
                known.take(changes, now)
            unreadable = known.unreadable(_RETRIES)
        if unreadable and (read := self._read(unreadable, _SLICE)):
            with self._using() as known:
                known.learn_again(read)

    def read(self, most: int, seconds: float = _SLICE) -> None:
        """Read sidecars that are not known, the newest first, and list the partitions they are in:
        ``most`` of them, for ``seconds``. Raises OSError."""
        end = self._clock() + seconds
        while most > 0:
            with self._lock:
                partition = self._known.next_unlisted()
                newest = self._known.unread[-1:]
                chunk = self._known.chunk_for(newest[0]) if newest and not partition else None
                stems = self._known.unread[: -most - 1 : -1]
            if partition:
                self._open(partition)
            elif chunk:
                path = self._folder / catalogue_of(self._known.place_of(newest[0]))
                told = read_chunk(path, chunk)
                with self._using() as known:
                    known.learn(list(told.items()))
                most -= len(told)
            elif stems:
                read = self._read(dict.fromkeys(stems), end - self._clock())
                with self._using() as known:
                    known.learn(read)
                most -= len(read)
            else:
                return
            if self._clock() >= end:
                return

    def advance(self, search: Search) -> None:
        """Search what is known, as far as it is known without a gap. Raises OSError when the
        node's own disk does not work."""
        with self._using() as known:
            if known.places.top is None:
                raise OSError(errno.EIO, "index of the history on this node's own disk: lost")
            edge = known.edge(search.at)
            for entry in known.index.search(search.words, edge, search.at, search.owners):
                folder = self._folder / entry.partition
                output = Output(entry.stem, record_of(entry.sidecar), folder)
                there = entry.partition or output.file_name in known.names
                if there and search.take(output):
                    return
            search.reach(edge, known.index.oldest(edge, search.at))

    def close(self) -> None:
        """Give up what is known."""
        with self._lock:
            self._known.index.close()

    def _read(self, stems: Mapping[str, Stamp | None], seconds: float) -> Read:
        """Read those of these that can be read in time and did not have the stamp already."""
        end = self._clock() + seconds
        read: Read = []
        size = 0
        for stem, stamp in stems.items():
            folder = self._folder / self._known.place_of(stem)
            if sidecar := read_sidecar(folder / (stem + SIDECAR), stamp):
                read.append((stem, sidecar))
                size += len(sidecar.content)
            if self._clock() >= end or size > _SLICE_BYTES:
                break
        return read

    def _open(self, partition: str) -> None:
        """List a partition for the first time."""
        now = self._clock()
        try:
            listing = list_now(self._folder / partition, now, self._known.places.latest)
            self._check_mount()
        except OSError:
            self._check_mount()
            # Where nothing can be read, that is told.
            self._folder.stat()
            with self._using() as known:
                known.refuse(partition, now)
            return
        # Of one that is still being filled there is none.
        head = read_head(self._folder / catalogue_of(partition)) if listing else None
        with self._using() as known:
            known.open(partition, listing, list(head.chunks) if head else [], now)

    @contextlib.contextmanager
    def _using(self) -> Iterator[Known]:
        """Lend the index to one thread at a time. Raises OSError, and all is forgotten, when the
        node's own disk does not work."""
        with self._lock:
            try:
                yield self._known
            except sqlite3.Error as error:
                self._known.index.close()
                self._known = Known()
                # A walk that is under way knows of what is forgotten.
                self._latest = self._listings
                reason = f"index of the history on this node's own disk: {error}"
                raise OSError(errno.EIO, reason) from error
