"""A slot: the place of one worker, which is replaced when it dies."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

from app.workers.worker import Worker, WorkerCommand, WorkerGoneError

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_log = logging.getLogger("app.workers")


class SlotState(StrEnum):
    """What the worker of a slot is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    BROKEN = "broken"
    """The last start failed; the next is tried after a pause."""


class Slot:
    """Keeps one worker running. The callbacks are called from the event loop; `on_replaced` hears
    why a worker is replaced, in the words of `PoolObserver.worker_replaced`."""

    def __init__(
        self,
        index: int,
        command: WorkerCommand,
        start_timeout: float,
        on_ready: Callable[["Slot"], None],
        on_trouble: Callable[["Slot"], None],
        on_replaced: Callable[[str], None],
    ) -> None:
        self.index = index
        self.state = SlotState.STARTING
        self.trouble = "has not said its first words yet"
        self.restarts = 0
        self.worker: Worker | None = None
        self._command = command
        self._start_timeout = start_timeout
        self._on_ready = on_ready
        self._on_trouble = on_trouble
        self._on_replaced = on_replaced

    @property
    def usable(self) -> bool:
        """Whether its worker has spoken and lives."""
        # A worker's end is known a moment before its slot has turned to the next one.
        alive = self.worker is not None and self.worker.alive
        return alive and self.state in (SlotState.IDLE, SlotState.BUSY)

    async def keep(self) -> None:
        """Start the worker and, for ever, the next one when it ends."""
        pause = _FIRST_PAUSE
        while True:
            try:
                worker = await self._start()
            except (WorkerGoneError, TimeoutError, OSError) as error:
                self._broken(str(error) or f"not ready after {self._start_timeout:g} s")
                self._on_replaced("start_failed")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                self.trouble = ""
                self.state = SlotState.IDLE
                _log.info("worker ready", extra={"slot": self.index, "pid": worker.pid})
                self._on_ready(self)
                await worker.wait()
                self.trouble = f"is being replaced: {worker.end_told()}"
                self.state = SlotState.STARTING
                _log.warning("worker %s", self.trouble, extra={"slot": self.index})
                self._on_trouble(self)
                self._on_replaced(worker.end_cause)
            self.restarts += 1

    async def _start(self) -> Worker:
        self.worker = worker = await Worker.start(self._command)
        try:
            frame = await worker.receive(self._start_timeout)
        except TimeoutError:
            worker.kill()
            raise
        if frame.kind != "ready":
            worker.kill()
            raise WorkerGoneError(str(frame.fields.get("message", frame.kind)))
        return worker

    def _broken(self, reason: str) -> None:
        self.trouble = f"cannot start: {reason}"
        self.state = SlotState.BROKEN
        _log.error("worker %s", self.trouble, extra={"slot": self.index})
        self._on_trouble(self)
