"""Calls that may hang, in threads of their own and with a time limit.

A dead NFS server makes a system call wait for ever, and a thread cannot be stopped. So there are
few of them, and when all hang the next call is told at once instead of waiting in line. Time in
line says nothing against a file server, so it does not count.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from app.outputs.watch import ShareWatch

_Result = TypeVar("_Result")


class TimeLimitedExecutor:
    """``threads`` threads, whose calls may take ``seconds`` each.

    With a ``watch`` no call begins while the shared folder is dead, and none waits on when it dies.
    """

    def __init__(
        self, name: str, threads: int, seconds: float, watch: ShareWatch | None = None
    ) -> None:
        self.seconds = seconds
        self._threads = threads
        self._watch = watch
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: dict[int, float] = {}
        """Start of the call that a thread is busy with, by the thread's id."""

    @property
    def hanging(self) -> int:
        """Calls that take too long and have not come back, whether anybody waits or not."""
        with self._lock:
            began = list(self._running.values())
        return sum(self._left(moment) <= 0 for moment in began)

    async def call(self, function: Callable[[], _Result]) -> _Result:
        """Run ``function`` in a thread and return its result, or raise its error. Raises
        TimeoutError, which tells how long there was no answer, when it takes too long or all
        threads hang."""
        if self._watch and self._watch.dead:
            raise TimeoutError(self._watch.told)
        if self.hanging >= self._threads:
            raise self._silence()
        call = _Call(function)
        future = self._executor.submit(self._run, call)
        try:
            answer = self._answer(call, future)
            return await (self._watch.unless_dead(answer) if self._watch else answer)
        finally:
            # One that has not begun never will.
            future.cancel()

    def later(self, function: Callable[[], object]) -> None:
        """Call ``function`` when a thread is free, and let nobody wait for it."""
        self._executor.submit(self._run, _Call(function))

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(self, call: "_Call[_Result]") -> _Result:
        thread = threading.get_ident()
        call.began = time.monotonic()
        with self._lock:
            self._running[thread] = call.began
        try:
            return call.function()
        finally:
            with self._lock:
                del self._running[thread]

    async def _answer(self, call: "_Call[_Result]", future: Future[_Result]) -> _Result:
        answer = asyncio.wrap_future(future)
        try:
            while not answer.done():
                left = self._left_in_line() if call.began is None else self._left(call.began)
                if left <= 0:
                    raise self._silence()
                await asyncio.wait({answer}, timeout=left)
            return answer.result()
        finally:
            # Nobody wants to hear of it any more.
            answer.cancel()

    def _left_in_line(self) -> float:
        """Seconds until all threads hang, if none of them comes back."""
        with self._lock:
            began = list(self._running.values())
        return self._left(max(began)) if len(began) == self._threads else self.seconds

    def _left(self, began: float) -> float:
        return began + self.seconds - time.monotonic()

    def _silence(self) -> TimeoutError:
        return TimeoutError(f"no answer in {self.seconds:g} s")


class _Call(Generic[_Result]):
    """A call in line, and when its turn came."""

    def __init__(self, function: Callable[[], _Result]) -> None:
        self.function = function
        self.began: float | None = None
