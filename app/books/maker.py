"""The making of one book, by the node that has its lease."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Literal

from ..errors import NodeError, StorageError
from . import folder as files
from .binding import Binder
from .counting import Count, Place
from .lease import Lease
from .record import BookFile, BookRecord, Failure, Finished
from .shelf import Shelf
from .speaker import BookFailedError, PieceFailedError, Speaker

_AT_ONCE = 64
"""Pieces that wait or run, over all nodes."""
_PAUSE = 2.0
"""Seconds until a folder that did not work is tried again."""
_TOLD = 20
"""Pieces that were not spoken of which the message is kept."""
_log = logging.getLogger("app.books")


class LeaseLostError(NodeError):
    """Another node makes the book, or nobody any more, or this one is not to."""


class Maker:
    """Maker of one book on the node ``node``; ``opened`` tells whether that may go on. ``beat``:
    seconds between two signs of life."""

    def __init__(
        self,
        shelf: Shelf,
        record: BookRecord,
        lease: Lease,
        speaker: Speaker,
        *,
        node: str,
        sample_rate: int,
        opened: Callable[[], bool],
        beat: float,
    ) -> None:
        self._shelf = shelf
        self._record = record
        self._lease = lease
        self._speaker = speaker
        self._node = node
        self._rate = sample_rate
        self._opened = opened
        self._beat = beat
        self._folder = shelf.folder / record.id
        self._count: Count | None = None
        self._binding = False
        self._left = False

    async def run(self) -> bool | None:
        """Make the book: True when it is done, False when it failed, None when it is this node's no
        longer. Cancelling it leaves all that is done to the next."""
        about = {"book": self._record.id}
        _log.info("book begun", extra=about)
        done = None
        try:
            async with self._held():
                done = await self._made()
            _log.info("book finished", extra=about)
        except LeaseLostError:
            _log.info("book left", extra=about)
        finally:
            self._left = True
            with contextlib.suppress(StorageError):
                await self._shelf.call("let the book go", self._lease.release)
        return done

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Keep the lease meanwhile; what runs is cancelled when it is lost."""
        worker = asyncio.current_task()
        assert worker is not None
        lost = False

        async def keep() -> None:
            nonlocal lost
            try:
                await self._keep_lease()
            except Exception:
                _log.exception("a book is given up")
            lost = True
            worker.cancel()

        keeper = asyncio.create_task(keep())
        try:
            yield
        except asyncio.CancelledError:
            if lost and worker.uncancel() == 0:
                raise LeaseLostError from None
            raise
        finally:
            keeper.cancel()

    async def _keep_lease(self) -> None:
        """Return when it is lost."""
        while self._opened():
            try:
                if not await self._shelf.call("keep the book", self._lease.renew):
                    return
                await self._tell()
            except StorageError:
                # No other node can take it either while the folder is away; if this one alone has
                # lost it, nothing that it does is seen.
                _log.warning("the lease of a book could not be renewed")
            await asyncio.sleep(self._beat)

    async def _tell(self) -> None:
        """Write down how far the book is."""
        if self._count is not None:
            told = self._count.progress(self._node, binding=self._binding)
            write = partial(files.write, self._folder, files.PROGRESS, told)
            await self._shelf.call("tell of the book", write)

    async def _made(self) -> bool:
        while True:
            try:
                bound = await self._bound()
                break
            except BookFailedError as error:
                await self._finish(self._end("failed", message=error.en, message_zh=error.zh))
                return False
            except StorageError as error:
                _log.warning("a book waits: %s", error.en)
                self._binding = False
                await asyncio.sleep(_PAUSE)
        failures = await self._shelf.call("read what failed", lambda: (*self._failures(),))
        await self._finish(self._end("done", files=bound, failures=failures))
        return True

    async def _bound(self) -> tuple[BookFile, ...]:
        text = await self._shelf.call("read the book", lambda: files.manuscript_of(self._folder))
        pieces = await self._shelf.call("read the pieces", lambda: files.pieces_of(self._folder))
        self._count = count = Count(text, pieces)
        await self._tell()
        waiting = count.missing()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(self._speak(count, waiting))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        if not pieces.spoken:
            raise BookFailedError("no piece of it could be spoken", "全书没有一段能够合成")
        self._binding = True
        await self._tell()
        binder = Binder(self._folder, self._record, pieces, self._rate, lambda: self._left)
        return tuple(await self._shelf.bind(binder.bind))

    async def _speak(self, count: Count, waiting: Iterator[tuple[Place, str]]) -> None:
        for place, text in waiting:
            await asyncio.create_task(self._piece(count, place, text))

    async def _piece(self, count: Count, place: Place, text: str) -> None:
        try:
            flac, samples = await self._speaker.speak(place, text)
        except PieceFailedError as error:
            note = partial(files.save_failure, self._folder, place, str(error))
            await self._shelf.call("note what failed", note)
            count.failed(place)
            return
        save = partial(files.save_piece, self._folder, place, flac, samples)
        count.spoken(place, await self._shelf.call("save a piece", save), samples)

    async def _finish(self, finished: Finished) -> None:
        def write() -> None:
            files.write(self._folder, files.FINISHED, finished)
            files.clear(self._folder)

        # Thousands of pieces are not removed in a moment.
        await self._shelf.bind(write)

    def _end(self, state: Literal["done", "failed"], **more: Any) -> Finished:
        chapters = self._count.chapters() if self._count else ()
        return Finished(state=state, node=self._node, chapters=chapters, **more)

    def _failures(self) -> Iterator[Failure]:
        assert self._count is not None
        places = sorted(self._count.pieces.failed)[:_TOLD]
        for place, said in zip(places, files.failures_of(self._folder, places), strict=True):
            yield Failure(chapter=place[0] + 1, piece=place[1] + 1, message=said)
