"""The books of a node: it takes one at a time, and those of nodes that are gone."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial

from ..errors import StorageError
from ..speech import SpeechService
from .lease import Lease, Leases
from .maker import Maker
from .shelf import Book, Shelf, State
from .speaker import Speaker

_LOOKS = 4
"""Looks, and signs of life, in the time after which a node is thought dead."""
_TIDYING = 600.0
_GRACE = 3600.0
_log = logging.getLogger("app.books")


class BookKeeper:
    """Keeper of books on one node. ``opened`` tells whether it may begin or continue one;
    ``patience``: seconds without a sign of another node after which its book is taken;
    ``keep``: seconds for which finished books stay, 0 is for ever."""

    def __init__(
        self,
        service: SpeechService,
        shelf: Shelf,
        node: str,
        *,
        opened: Callable[[], bool],
        patience: float,
        keep: float,
    ) -> None:
        self.shelf = shelf
        self.making = False
        """True while this node makes a book."""
        self.made: Counter[State] = Counter()
        """Books that this node has finished, by how they ended."""
        self._service = service
        self._node = node
        self._opened = opened
        self._leases = Leases(node, patience)
        self._beat = patience / _LOOKS
        self._keep = keep
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin. Call from the event loop."""
        self._tasks = [asyncio.create_task(work()) for work in (self._follow, self._keep_tidying)]

    async def stop(self) -> None:
        """Leave the book that is being made to another node, with all that is done of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        """Give up the threads."""
        self.shelf.close()

    def wake(self) -> None:
        """There is a new book."""
        self._news.set()

    async def _follow(self) -> None:
        while True:
            self._news.clear()
            try:
                if self._opened() and (taken := await self._taken()):
                    await self._make(*taken)
                    continue
            except StorageError as error:
                _log.debug("no look at the books: %s", error.en)
            except Exception:
                _log.exception("a book was left by an unexpected error")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._beat):
                    await self._news.wait()

    async def _make(self, book: Book, lease: Lease) -> None:
        self.making = True
        try:
            done = await self._maker(book, lease).run()
        finally:
            self.making = False
        if done is not None:
            self.made[State.DONE if done else State.FAILED] += 1

    async def _taken(self) -> tuple[Book, Lease] | None:
        """The oldest book that nobody makes, now this node's."""
        engine = self._service.engine.name
        wanted = [book for book in await self.shelf.unfinished() if book.record.engine == engine]
        folders = {book.record.id: self.shelf.folder / book.record.id for book in wanted}
        self._leases.forget(set(folders.values()))
        for book in wanted:
            folder = folders[book.record.id]
            with contextlib.suppress(StorageError):
                lease = await self.shelf.call("take the book", partial(self._leases.take, folder))
                if lease is not None:
                    return book, lease
        return None

    def _maker(self, book: Book, lease: Lease) -> Maker:
        return Maker(
            self.shelf,
            book.record,
            lease,
            Speaker(self._service, book.record),
            node=self._node,
            sample_rate=self._service.engine.sample_rate,
            opened=self._opened,
            beat=self._beat,
        )

    async def _keep_tidying(self) -> None:
        while True:
            await asyncio.sleep(_TIDYING)
            with contextlib.suppress(StorageError):
                await self.shelf.tidy(self._keep, _GRACE)
