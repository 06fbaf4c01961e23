"""Searchable index of sidecars, which need not be read again.

A nameless database of SQLite's: a few MiB of memory, and beyond that a file on the node's own disk
that has no name either. Nobody else can open it, and nothing is left of it however the process
ends. It lies where SQLITE_TMPDIR or TMPDIR say, else in /var/tmp or /tmp.

A search goes through the folded texts with instr(), which is exact for all scripts. An index of
trigrams would find no word of two characters, and most Chinese words have two.
"""

import heapq
import sqlite3
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from .record import OutputRecord

_TABLE = """
create table outputs(
    stem text primary key,
    owner text not null,
    told blob not null,
    names blob not null,
    sidecar blob not null,
    partition text not null
)
"""
_BY_OWNER = "create index owned on outputs(owner, stem)"
_CACHE_KIB = 8192
# SQLite limits how deep an expression may be; further words are looked for here.
_WORDS = 100
_WORD = " and (instr(told, ?) or instr(names, ?))"


@dataclass(frozen=True, slots=True)
class Entry:
    """An output as it is kept."""

    stem: str
    owner: str
    told: bytes
    """Text that words are looked for in."""
    names: bytes
    """Text with a line feed before each beginning that words are looked for at."""
    sidecar: bytes
    partition: str
    """The one it is in; empty where it is in none."""

    @classmethod
    def of(cls, stem: str, record: OutputRecord, sidecar: bytes, partition: str = "") -> Self:
        """The entry of an output with this sidecar."""
        told = "\n".join((record.text, record.voice, record.node, str(record.seed)))
        # Their ends are random: a short number would be in some of them by chance.
        names = (_plain(name).replace("\n", " ") for name in (stem, record.request_id))
        found = _encoded("".join(f"\n{n}" for n in names))
        owner = _storable(record.owner)
        return cls(stem, owner, _encoded(_plain(told)), found, sidecar, partition)

    def has(self, word: bytes) -> bool:
        """Tell whether a word of a query is in it."""
        return word in self.told or b"\n" + word in self.names


def words_of(query: str) -> list[bytes]:
    """The different words of a query, as an index wants them."""
    return [_encoded(word) for word in dict.fromkeys(_plain(query).split())]


class Index:
    """Entries by their stems. Raises sqlite3.Error throughout; then it is of no more use.

    For one thread at a time.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)
        for pragma in (f"cache_size = -{_CACHE_KIB}", "journal_mode = off", "secure_delete = off"):
            self._database.execute(f"pragma {pragma}")
        self._database.execute(_TABLE)
        self._database.execute(_BY_OWNER)

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep them; one with a stem that is there already takes its place."""
        rows = ((e.stem, e.owner, e.told, e.names, e.sidecar, e.partition) for e in entries)
        with self._database:
            self._database.executemany(
                "insert or replace into outputs values (?, ?, ?, ?, ?, ?)", rows
            )

    def remove(self, stems: Iterable[str], partition: str = "") -> None:
        """Forget them, where they are there and in this partition."""
        with self._database:
            rows = ((stem, partition) for stem in stems)
            self._database.executemany("delete from outputs where stem = ? and partition = ?", rows)

    def partition_of(self, stem: str) -> str:
        """The partition of an entry; empty where it is in none, or not there."""
        row = self._database.execute(
            "select partition from outputs where stem = ?", (stem,)
        ).fetchone()
        return str(row[0]) if row else ""

    def stems(self, partition: str, after: str, before: str) -> set[str]:
        """Those of a partition, which are between these two."""
        rows = self._database.execute(
            "select stem from outputs where stem > ? and stem < ? and partition = ?",
            (after, before, partition),
        )
        return {str(stem) for (stem,) in rows}

    def search(
        self, words: list[bytes], after: str, before: str, owners: Collection[str] | None = None
    ) -> Iterator[Entry]:
        """Entries of these owners, or of all, between two stems that have all the words, the newest
        first."""
        if owners is None:
            yield from self._search(words, after, before, "", ())
            return
        # One walk through the index each: SQLite would sort the owners' entries otherwise.
        each = [self._search(words, after, before, " and owner = ?", (one,)) for one in owners]
        yield from heapq.merge(*each, key=lambda entry: entry.stem, reverse=True)

    def _search(
        self, words: list[bytes], after: str, before: str, owned: str, owner: tuple[str, ...]
    ) -> Iterator[Entry]:
        asked, rest = words[:_WORDS], words[_WORDS:]
        wanted = [part for word in asked for part in (word, b"\n" + word)]
        # What is put together are constants; words and owner are parameters.
        rows = self._database.execute(
            "select stem, owner, told, names, sidecar, partition from outputs "  # nosec B608
            f"where stem > ? and stem < ?{owned}{_WORD * len(asked)} order by stem desc",
            (after, before, *owner, *wanted),
        )
        for entry in (Entry(*row) for row in rows):
            if all(entry.has(word) for word in rest):
                yield entry

    def oldest(self, after: str, before: str) -> str:
        """The oldest stem between two; empty if there is none."""
        row = self._database.execute(
            "select stem from outputs where stem > ? and stem < ? order by stem limit 1",
            (after, before),
        ).fetchone()
        return str(row[0]) if row else ""

    def close(self) -> None:
        """Give up memory and file."""
        self._database.close()


def _plain(text: str) -> str:
    """Remove the differences people do not search for: case, width, composition."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _storable(text: str) -> str:
    """The same without halves of surrogate pairs, which SQLite does not take in a text."""
    return text.encode(errors="replace").decode()


def _encoded(text: str) -> bytes:
    # Foreign sidecars may hold halves of surrogate pairs.
    return text.encode(errors="surrogatepass")
