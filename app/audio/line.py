"""Recordings are decoded few at a time, whoever sends them; the others wait in line.

Each costs a core for seconds and memory for as long; threads that the whole process shares would
begin as many as there are cores, and have none left for anything else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from app.errors import BusyError

AT_ONCE = 2
_Result = TypeVar("_Result")


class DecodingLine(Generic[_Result]):
    """Calls functions in ``at_once`` threads, in the order they came. ``drop`` gets the result of a
    call that nobody waits for any more."""

    def __init__(self, drop: Callable[[_Result], object], at_once: int = AT_ONCE) -> None:
        self._drop = drop
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="decoding")

    async def call(self, function: Callable[[], _Result], seconds: float) -> _Result:
        """Run ``function`` in its turn and return its result, or raise its error. Raises
        ``BusyError`` where it has not begun within ``seconds``."""
        future = self._threads.submit(function)
        answer = asyncio.wrap_future(future)
        try:
            await asyncio.wait({answer}, timeout=seconds)
            # One that has begun cannot be cancelled, and is waited for.
            if not answer.done() and future.cancel():
                raise _busy(seconds)
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if not future.cancel():
                future.add_done_callback(self._abandoned)
            raise

    def _abandoned(self, future: Future[_Result]) -> None:
        if not future.exception():
            self._drop(future.result())


def _busy(seconds: float) -> BusyError:
    return BusyError(
        "busy",
        f"many recordings are being read; this one waited {seconds:g} s for its turn; try again",
        f"正在处理的录音太多，已等待 {seconds:g} 秒，请稍后重试",
        retry_after=5,
    )
