"""A node's knowledge of the shared folder's outputs, without asking it."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import islice

from app.outputs.index import Entry, Index
from app.outputs.listing import Seen
from app.outputs.names import SIDECAR, is_stem
from app.outputs.sidecar import Sidecar, Stamp

Read = list[tuple[str, Sidecar]]
"""Sidecars that were read, with their outputs' stems."""


class Known:
    """Names of the files, contents of their sidecars, and those that have not been read.

    For one thread at a time. Raises sqlite3.Error when the node's own disk does not work.
    """

    def __init__(self) -> None:
        self.index = Index()
        self.seen: Seen | None = None
        """The folder when it was listed; None before."""
        self.names: dict[str, int] = {}
        """The files, and the number of the last listing they were in."""
        self._listings = 0
        self.unread: list[str] = []
        """Stems, the oldest first."""
        self._unreadable: dict[str, Stamp | None] = {}
        """Sidecars that no node wrote, or that could not be read."""

    def list(self, seen: Seen, names: list[str]) -> None:
        """The folder holds these names now."""
        self.seen = seen
        come, gone = self._compare(names)
        for stem in gone & self._unreadable.keys():
            del self._unreadable[stem]
        self.index.remove(gone)
        if come or gone:
            self.unread = sorted(stem for stem in (*self.unread, *come) if stem not in gone)

    def edge(self, before: str) -> str:
        """The newest stem older than ``before`` whose sidecar has not been read; empty if none."""
        place = bisect_left(self.unread, before)
        return self.unread[place - 1] if place else ""

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
            if sidecar.record:
                entries.append(Entry.of(stem, sidecar.record, sidecar.content))
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
