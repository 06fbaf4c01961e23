"""Sharing of a call among all who want its result at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class SharedCall(Generic[_Result]):
    """Calls ``function`` once at a time, whoever asks.

    Whoever asks while it runs gets the next result, with all others who do: a call that has begun
    may have missed what they have just changed.
    """

    def __init__(self, function: Callable[[], Awaitable[_Result]]) -> None:
        self._function = function
        self._running: asyncio.Task[_Result] | None = None
        self._next: asyncio.Task[_Result] | None = None

    @property
    def idle(self) -> bool:
        """True if nothing runs or waits."""
        return self._next is None and (self._running is None or self._running.done())

    async def result(self) -> _Result:
        """The result of a call that begins from now on. Raises what that raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        # Others wait for it too.
        return await asyncio.shield(self._next)

    async def _after(self, running: "asyncio.Task[_Result] | None") -> _Result:
        if running:
            await asyncio.wait({running})
        self._running, self._next = self._next, None
        return await self._function()
