"""Background tasks of the pool."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Tasks:
    """Tasks that run until they end or the pool stops; a task nobody holds may be collected."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.stopping = False
        """Set once the pool stops."""

    def spawn(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        """Run a coroutine in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> list[asyncio.Task[Any]]:
        """Cancel all tasks, for the caller to wait for."""
        self.stopping = True
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        return tasks
