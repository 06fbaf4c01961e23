"""Calls that may hang, in threads of their own and with a time limit.

A dead NFS server makes a system call wait for ever, and a thread cannot be stopped. So there are
few of them, and when all hang the next call is told at once instead of waiting in line.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from app.outputs.watch import ShareWatch

_Result = TypeVar("_Result")


class Patience:
    """`threads` threads, whose calls may take `seconds` each.

    With a `watch` no call begins while the shared folder is dead, and none waits on when it dies.
    """

    def __init__(
        self, name: str, threads: int, seconds: float, watch: ShareWatch | None = None
    ) -> None:
        self.seconds = seconds
        self._threads = threads
        self._watch = watch
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._left: dict[Future[Any], bool] = {}
        """Calls that nobody waits for any more, and whether they took too long."""

    @property
    def hanging(self) -> int:
        """Calls that took too long and have not come back."""
        with self._lock:
            return sum(self._left.values())

    async def call(self, function: Callable[[], _Result]) -> _Result:
        """What `function` returns or raises. Raises TimeoutError, which tells how long there was
        no answer, when it takes too long."""
        if self._watch and self._watch.dead:
            raise TimeoutError(self._watch.told)
        with self._lock:
            occupied = len(self._left)
        if occupied >= self._threads:
            raise TimeoutError(f"no answer in {self.seconds:g} s")
        future = self._executor.submit(function)
        try:
            return await self._answer(future)
        except (TimeoutError, asyncio.CancelledError) as error:
            # One that had not even begun is cancelled and done.
            if not future.cancel() and not future.done():
                self._leave(future, too_long=isinstance(error, TimeoutError))
            raise

    def later(self, function: Callable[[], object]) -> None:
        """Call `function` when a thread is free, and let nobody wait for it."""
        self._executor.submit(function)

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, future: Future[_Result]) -> _Result:
        answer = asyncio.wrap_future(future)
        try:
            async with asyncio.timeout(self.seconds) as limit:
                return await (self._watch.unless_dead(answer) if self._watch else answer)
        except TimeoutError:
            # Not one that `function` raised: a file server has time limits of its own.
            if limit.expired():
                raise TimeoutError(f"no answer in {self.seconds:g} s") from None
            raise

    def _leave(self, future: Future[Any], *, too_long: bool) -> None:
        with self._lock:
            self._left[future] = too_long
        future.add_done_callback(self._came_back)

    def _came_back(self, future: Future[Any]) -> None:
        with self._lock:
            self._left.pop(future, None)
