"""A slot: the place of one worker, which is replaced when it dies or has served its time."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from . import memory
from .causes import Cause
from .record import Record
from .worker import Worker, WorkerCommand, WorkerGoneError

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
# Seconds a worker that has no job may take to end by itself.
_LEAVING = 5.0
# Memory a successor may need beyond what the worker it follows holds: both run for a while.
_ROOM = 1.25
_NEW = "has not said its first words yet"
_PLANNED = (Cause.MAX_JOBS, Cause.MAX_GROWTH, Cause.GPU)
_log = logging.getLogger("app.workers")


class SlotState(StrEnum):
    """State of a slot's worker."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RENEWING = "renewing"
    """A planned replacement: the next worker loads where the last one was."""
    BROKEN = "broken"
    """The last start failed; the next is tried after a pause."""
    HELD = "held"
    """Out of service: it has no worker until it is let go."""


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """Limits after which a working worker is replaced; 0 is never."""

    jobs: int = 0
    growth: int = 0
    """Bytes of main memory beyond its size when it was ready."""


@dataclass(frozen=True, slots=True)
class SlotEvents:
    """Callbacks of a slot, from the event loop."""

    ready: Callable[["Slot"], None]
    """Has a worker that is free."""
    lost: Callable[["Slot"], None]
    """Has none any more."""
    resting: Callable[["Slot"], None]
    """Is held, and has a worker without a job."""
    replaced: Callable[[Cause], None]
    """A worker is over, for this reason."""


class Slot:
    """Place of a worker, which it keeps running."""

    def __init__(
        self,
        index: int,
        command: WorkerCommand,
        start_timeout: float,
        events: SlotEvents,
        service: ServiceTime | None = None,
    ) -> None:
        self.index = index
        self.state = SlotState.STARTING
        self.detail = _NEW
        self.restarts = 0
        self.worker: Worker | None = None
        self.record = Record()
        """Of its worker."""
        self.gpu = command.gpu
        self.held = ""
        """Reason for which it takes no job; empty where it does."""
        self._command = command
        self._start_timeout = start_timeout
        self._events = events
        self._service = service or ServiceTime()
        self._warm_size = 0
        self._free = asyncio.Event()
        self._free.set()
        self._starting: set[Worker] = set()
        self._successor: Worker | None = None

    @property
    def usable(self) -> bool:
        """True if its worker has spoken and lives."""
        # A worker's end is known a moment before its slot has turned to the next one.
        alive = self.worker is not None and self.worker.alive
        return alive and self.state in (SlotState.IDLE, SlotState.BUSY)

    @property
    def workers(self) -> list[Worker]:
        """List its worker, and those that are about to follow."""
        known = (self.worker, self._successor, *self._starting)
        return [worker for worker in known if worker is not None]

    @property
    def renewing(self) -> bool:
        """True while a worker other than its own loads, or is loaded."""
        return bool(self._starting) or self._successor is not None

    @property
    def due(self) -> Cause | None:
        """Limit that its worker has reached, if any."""
        if self.worker is None:
            return None
        if 0 < self._service.jobs <= self.worker.jobs:
            return Cause.MAX_JOBS
        if 0 < self._service.growth <= memory.own_bytes(self.worker.pid) - self._warm_size:
            return Cause.MAX_GROWTH
        return None

    async def supervise(self) -> None:
        """Start the worker and, for ever, the next one when it ends."""
        pause = _FIRST_PAUSE
        while True:
            await self._until_free()
            try:
                worker = self._successor or await self._start()
            except (WorkerGoneError, TimeoutError, OSError) as error:
                if self.held:
                    continue
                self._broken(str(error) or f"not ready after {self._start_timeout:g} s")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            self._successor = None
            self._begin_service(worker)
            self.detail = ""
            self.state = SlotState.IDLE
            self._events.ready(self)
            ended = await self._until_ended()
            if ended.end_cause is Cause.SELF_TEST and not self.record.done:
                # It speaks when it is new, and then fails: once more is no help at once.
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE

    @property
    def has_room(self) -> bool:
        """True if the next worker can load while this one works: main memory has room for both, and
        no GPU is shared by them."""
        if self.gpu or self.worker is None:
            return False
        return memory.available_bytes() > _ROOM * memory.own_bytes(self.worker.pid)

    async def load_successor(self, cause: Cause) -> None:
        """Load the next worker while this one works; ``hand_over`` is for when it is free.

        A worker that dies meanwhile is replaced as any other, and one whose successor does not
        start stays.
        """
        old = self.worker
        assert old is not None
        _log.info("successor loads: %s", cause.value, extra={"slot": self.index})
        try:
            following = await self._start()
        except (WorkerGoneError, TimeoutError, OSError) as error:
            _log.warning("successor does not start: %s", error, extra={"slot": self.index})
            # After as much work as it had before, it is tried again.
            self._begin_service(old)
            return
        if self.worker is old and old.alive:
            self._successor = following
            old.end_cause = cause
        else:
            await following.stop(_LEAVING, cause)

    def hand_over(self) -> Worker | None:
        """Go on with the successor, if one is ready; the worker to let go. It has no job."""
        if self._successor is None:
            return None
        old, following, self._successor = self.worker, self._successor, None
        assert old is not None
        self._begin_service(following)
        self._replaced(old.end_cause)
        return old

    def pause(self, cause: Cause) -> None:
        """Give no more jobs to a worker that has none; ``supervise`` starts the next once it
        ends."""
        self.state = SlotState.RENEWING
        self.detail = f"is being renewed: {cause.value}"

    def hold(self, reason: str) -> None:
        """Take no more jobs from now on, and start no worker. A job that runs may end; a worker
        that has none, or gets free of it, ``rest``s."""
        self.held = reason
        if self.state is SlotState.HELD:
            self.detail = reason
        self._free.clear()
        for worker in self._starting:
            worker.kill(Cause.GPU)

    def let_go(self) -> None:
        """Take jobs again, as soon as there is a worker."""
        self.held = ""
        self._free.set()

    def rest(self) -> None:
        """Give up a worker without a job, as the slot is held."""
        self.state = SlotState.HELD
        self.detail = self.held
        self._events.resting(self)

    async def _until_free(self) -> None:
        if not self.held:
            return
        self.state = SlotState.HELD
        self.detail = self.held
        self._events.lost(self)
        await self._free.wait()
        self.state = SlotState.STARTING
        self.detail = _NEW

    def _begin_service(self, worker: Worker) -> None:
        self.worker = worker
        self.record = Record()
        worker.jobs = 0
        self._warm_size = memory.own_bytes(worker.pid)
        _log.info("worker ready", extra={"slot": self.index, "pid": worker.pid})

    async def _until_ended(self) -> Worker:
        """Wait until this slot's worker ends, be it the first or one that followed it, and return
        that."""
        while True:
            worker = self.worker
            assert worker is not None
            await worker.wait()
            if self.worker is worker:
                break
        planned = worker.end_cause in _PLANNED
        self.state = SlotState.RENEWING if planned else SlotState.STARTING
        self.detail = f"is being replaced: {worker.end_told()} ({worker.end_cause.value})"
        level = logging.INFO if planned else logging.WARNING
        _log.log(level, "worker %s", self.detail, extra={"slot": self.index})
        self._replaced(worker.end_cause)
        self._events.lost(self)
        return worker

    async def _start(self) -> Worker:
        worker = await Worker.start(self._command)
        self._starting.add(worker)
        try:
            frame = await worker.receive(self._start_timeout)
            if frame.kind != "ready":
                raise WorkerGoneError(str(frame.fields.get("message", frame.kind)))
        except BaseException:
            worker.kill(Cause.NO_START)
            raise
        finally:
            self._starting.discard(worker)
        return worker

    def _replaced(self, cause: Cause) -> None:
        self.restarts += 1
        self._events.replaced(cause)

    def _broken(self, reason: str) -> None:
        self.detail = f"cannot start: {reason}"
        self.state = SlotState.BROKEN
        _log.error("worker %s", self.detail, extra={"slot": self.index})
        self._replaced(Cause.NO_START)
        self._events.lost(self)
