"""The books of all nodes: the one place where they are looked for, listed, added and removed.

Every access runs in a thread with a time limit: the file server may be dead.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..errors import BusyError, StorageError
from ..outputs.reading import OpenFile
from ..outputs.time_limited import TimeLimitedExecutor
from ..outputs.watch import ShareWatch
from . import folder as files
from .manuscripts.manuscript import Manuscript
from .record import BookRecord, Finished, Progress, is_id

_THREADS = 4
_BINDING = 86400.0
"""Seconds in which a book of the longest kind is encoded."""
_FULL = 600
"""Seconds after which to ask again where there are books enough."""
_log = logging.getLogger("app.books")
_Result = TypeVar("_Result")


class State(StrEnum):
    """State of a book. Names are part of the API."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    BINDING = "binding"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Book:
    """A book as it is now."""

    record: BookRecord
    progress: Progress | None
    finished: Finished | None

    @property
    def state(self) -> State:
        """State of the book."""
        if self.finished:
            return State(self.finished.state)
        if self.progress is None:
            return State.WAITING
        return State.BINDING if self.progress.binding else State.SPEAKING


class Shelf:
    """Books in ``folder``, of which at most ``limit`` are unfinished; an access may take
    ``patience`` seconds."""

    def __init__(
        self, folder: Path, limit: int, watch: ShareWatch | None = None, patience: float = 10.0
    ) -> None:
        self.folder = folder
        self.limit = limit
        self._finished: set[str] = set()
        """Ids of those that are known to be, which are not looked at again."""
        self._threads = TimeLimitedExecutor("books", _THREADS, patience, watch)
        self._servers = TimeLimitedExecutor("books-serve", _THREADS, patience, watch)
        self._binders = TimeLimitedExecutor("books-bind", 1, _BINDING, watch)

    async def all(self) -> list[Book]:
        """List the books, the newest first. Raises ``StorageError``."""
        return await self.call("read the books", self._all)

    async def unfinished(self) -> list[Book]:
        """List the books that are to be made, the oldest first. Raises ``StorageError``."""
        return await self.call("look for books", self._unfinished)

    async def find(self, book_id: str) -> Book | None:
        """The book with this id, or None. Raises ``StorageError``."""
        if not is_id(book_id):
            return None
        return await self.call("look for the book", lambda: self._book(book_id))

    async def open(self, book: Book, name: str) -> OpenFile | None:
        """One of the book's files; whoever has it closes it. Raises ``StorageError``."""
        if book.finished is None or name not in {file.name for file in book.finished.files}:
            return None
        path = self.folder / book.record.id / files.FILES / name
        try:
            return await self.call(
                "open the file", lambda: OpenFile.of(path, self._servers), self._servers
            )
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    async def check_room(self) -> None:
        """Raise ``BusyError`` where no more books are taken, and ``StorageError``."""
        await self.call("count the books", self._check_room)

    async def add(self, record: BookRecord, text: Manuscript) -> Book:
        """Keep a book that is to be made. Raises ``BusyError``, ``StorageError``."""
        await self.call("save the book", lambda: self._add(record, text))
        return Book(record, None, None)

    async def remove(self, book_id: str) -> bool:
        """Delete a book, finished or not; whether there was one. Raises ``StorageError``."""
        if not is_id(book_id):
            return False
        gone = await self.call("delete the book", partial(files.take_off, self.folder, book_id))
        if gone is not None:
            self._binders.later(partial(files.discard, gone))
        return gone is not None

    async def tidy(self, keep: float, grace: float) -> None:
        """Remove what is old; see ``folder.tidy``. Raises ``StorageError``."""
        if removed := await self.bind(lambda: self._tidy(keep, grace)):
            _log.info("removed old books", extra={"books": removed})

    async def bind(self, function: Callable[[], _Result]) -> _Result:
        """Run what takes long. Raises ``StorageError``."""
        return await self.call("write the book", function, self._binders)

    async def call(
        self,
        purpose: str,
        function: Callable[[], _Result],
        threads: TimeLimitedExecutor | None = None,
    ) -> _Result:
        """Run what works in the folder. Raises ``StorageError``."""
        try:
            return await (threads or self._threads).call(function)
        except OSError as error:
            raise _failed(purpose, error) from error

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        for threads in (self._threads, self._servers, self._binders):
            threads.close()

    def _all(self) -> list[Book]:
        found = [book for book_id in files.ids(self.folder) if (book := self._book(book_id))]
        return sorted(found, key=lambda book: (book.record.created, book.record.id), reverse=True)

    def _unfinished(self) -> list[Book]:
        ids = set(files.ids(self.folder))
        self._finished &= ids
        books = [book for book_id in ids - self._finished if (book := self._book(book_id))]
        self._finished |= {book.record.id for book in books if book.finished}
        found = [book for book in books if not book.finished]
        return sorted(found, key=lambda book: (book.record.created, book.record.id))

    def _book(self, book_id: str) -> Book | None:
        folder = self.folder / book_id
        # In this order: what is finished loses its progress later.
        progress, finished = files.progress_of(folder), files.finished_of(folder)
        record = files.record_of(folder)
        return Book(record, progress, finished) if record else None

    def _check_room(self) -> None:
        # Two nodes at the same moment may come to one or two more; no harm is done.
        if len(self._unfinished()) >= self.limit:
            raise BusyError(
                "books_full",
                f"{self.limit} books are being made or wait, which is the most; try again later",
                f"已有 {self.limit} 本书正在制作或等待，请稍后重试",
                retry_after=_FULL,
            )

    def _add(self, record: BookRecord, text: Manuscript) -> None:
        self._check_room()
        files.create(self.folder, record, text)

    def _tidy(self, keep: float, grace: float) -> int:
        if not self.folder.is_dir():
            return 0
        probe = self.folder / ".clock"
        probe.touch()
        return files.tidy(self.folder, probe.stat().st_mtime, keep, grace)


def _failed(purpose: str, error: OSError) -> StorageError:
    reason = error.strerror or str(error) or type(error).__name__
    _log.error("shared folder: could not %s: %s", purpose, reason)
    return StorageError(
        "storage",
        f"the shared folder does not work, could not {purpose}: {reason}",
        f"共享存储出现故障（{reason}），请联系管理员",
        retry_after=30,
    )
