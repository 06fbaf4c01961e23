"""Availability of the shared folder, known before somebody waits for it.

The file server of a hard mount that is gone makes every call wait for ever. Here one thread alone
asks it, again and again; while it hangs everybody else is told at once.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

_PERIOD = 1.0
"""Seconds between two questions."""
_LIMIT = 3.0
"""Seconds without an answer after which it is taken for dead."""
_Result = TypeVar("_Result")
_log = logging.getLogger("app.outputs")


class ShareWatch:
    """Watch that asks the file server of ``folder`` every ``period`` seconds; dead after ``limit``
    of silence."""

    def __init__(self, folder: Path, period: float = _PERIOD, limit: float = _LIMIT) -> None:
        self.folder = folder
        self._period = period
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="share-watch")
        self._silent_since: float | None = None
        self._died = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def dead(self) -> bool:
        """True if the server has not answered for too long."""
        return self._died.is_set()

    @property
    def told(self) -> str:
        """Description of the failure while it is dead."""
        silent = time.monotonic() - (self._silent_since or time.monotonic())
        return f"no answer for {silent:.0f} s"

    def start(self) -> None:
        """Watch from now on. Call from the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep_asking())

    def close(self) -> None:
        """Stop, without waiting for a question that hangs."""
        if self._task:
            self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def unless_dead(self, call: Awaitable[_Result]) -> _Result:
        """The result of ``call``. Raises TimeoutError, and gives ``call`` up, when the server
        dies."""
        task = asyncio.ensure_future(call)
        died = asyncio.ensure_future(self._died.wait())
        try:
            await asyncio.wait({task, died}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError(self.told)
            return task.result()
        finally:
            died.cancel()
            task.cancel()

    async def _keep_asking(self) -> None:
        while True:
            await self._ask()
            await asyncio.sleep(self._period)

    async def _ask(self) -> None:
        """Return when it has answered, however late. An error is an answer too: those who call it
        are told of it."""
        began = time.monotonic()
        # Always answered by the server itself: stat(2) may come from the kernel's memory.
        future = self._thread.submit(os.statvfs, self.folder)
        answer = asyncio.wrap_future(future)
        await asyncio.wait({answer}, timeout=self._limit)
        if not answer.done():
            self._silent_since = began
            self._died.set()
            _log.error("the shared folder's server does not answer", extra={"folder": self.folder})
            await asyncio.wait({answer})
        answer.exception()
        if self.dead:
            _log.info("the shared folder's server answers again", extra={"folder": self.folder})
            self._died.clear()
