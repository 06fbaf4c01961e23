"""Calls that may hang, in threads of their own and with a time limit.

A dead NFS server makes a system call wait for ever, and a thread cannot be stopped. So there are
few of them, and when all hang the next call is told at once instead of waiting in line.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Patience:
    """`threads` threads, whose calls may take `seconds` each."""

    def __init__(self, name: str, threads: int, seconds: float) -> None:
        self.seconds = seconds
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._hanging: set[Future[Any]] = set()

    @property
    def hanging(self) -> int:
        """Calls that were given up and have not come back."""
        with self._lock:
            return len(self._hanging)

    async def call(self, function: Callable[[], _Result]) -> _Result:
        """What `function` returns or raises. Raises TimeoutError when it takes too long."""
        if self.hanging >= self._threads:
            raise TimeoutError
        future = self._executor.submit(function)
        try:
            async with asyncio.timeout(self.seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            # One that had not even begun was cancelled and is done.
            if not future.done():
                with self._lock:
                    self._hanging.add(future)
                future.add_done_callback(self._came_back)
            raise

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _came_back(self, future: Future[Any]) -> None:
        with self._lock:
            self._hanging.discard(future)
