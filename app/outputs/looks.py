"""Shared looks at the history: everybody who has the page open costs the file server as little as
one of them.

The shared folder is asked one thing at a time: which outputs are there, and what some new sidecars
say. Every look begins after it was asked for, so that it sees what its viewer has just made or
deleted; those who ask meanwhile share the next.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial

from ..errors import StorageError
from .history import Found, History, search_for
from .shared_call import SharedCall

Ask = Callable[[Callable[[], None]], Awaitable[None]]
"""Has a function called in a thread with a time limit. Raises ``StorageError``."""
_BUDGET = 2.0
"""Seconds after which a search tells what it has found, and reads no further sidecars."""
_BATCH = 1000
_Key = tuple[str, int, str, frozenset[str] | None]


class Looks:
    """All looks of a node. ``share`` asks the shared folder, ``disk`` this node's own index."""

    def __init__(self, history: History, check_mount: Callable[[], None], share: Ask, disk: Ask):
        self._history = history
        self._check_mount = check_mount
        self._share = share
        self._disk = disk
        self._refreshed = SharedCall(lambda: share(self._refresh))
        self._looks: dict[_Key, SharedCall[Found]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None

    async def search(
        self, query: str, count: int, before: str, owners: frozenset[str] | None
    ) -> Found:
        """Find at most ``count`` outputs of ``owners``, or of all, that match, older than the stem
        ``before``. Raises ``StorageError``.

        Where sidecars are left to read after a while, ``Found.unfinished`` says so; they are read
        in the background, so that who asks again gets further.
        """
        key = (query, count, before, owners)
        look = self._looks.setdefault(key, SharedCall(partial(self._look, *key)))
        try:
            return await look.result()
        finally:
            if look.idle:
                self._looks.pop(key, None)

    def close(self) -> None:
        """Read no further."""
        for task in (self._reading, self._catching_up):
            if task:
                task.cancel()

    async def _look(
        self, query: str, count: int, before: str, owners: frozenset[str] | None
    ) -> Found:
        end = time.monotonic() + _BUDGET
        await self._refreshed.result()
        search = search_for(query, count, before, owners)
        advance = partial(self._history.advance, search)
        await self._disk(advance)
        most = count
        while not search.done:
            await self._read(most)
            await self._disk(advance)
            if time.monotonic() > end:
                break
            most = min(2 * most, _BATCH)
        if not search.done and (self._catching_up is None or self._catching_up.done()):
            self._catching_up = asyncio.create_task(self._catch_up())
        return search.found

    def _refresh(self) -> None:
        self._check_mount()
        self._history.refresh()

    async def _read(self, most: int) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._ask_to_read(most))
        await asyncio.shield(self._reading)

    async def _ask_to_read(self, most: int) -> None:
        await self._share(partial(self._history.read, most))

    async def _catch_up(self) -> None:
        # Who looks next is told of it.
        with contextlib.suppress(StorageError):
            while self._history.unread:
                began = time.monotonic()
                await self._read(_BATCH)
                # Half of the time is for everybody else.
                await asyncio.sleep(time.monotonic() - began)
