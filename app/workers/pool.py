"""The bounded queue before the workers: who runs, who waits, who is told "busy".

A thread cannot be stopped, a process can: a job past its deadline is ended with its worker,
which is replaced. What happens to one worker never reaches another, nor the page.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass

from app.errors import (
    BusyError,
    DeadlineError,
    InvalidInputError,
    JobFailedError,
    SpeechError,
    UnavailableError,
)
from app.workers import frames
from app.workers.frames import Frame
from app.workers.job import Job
from app.workers.observer import PoolObserver
from app.workers.slot import Slot, SlotState
from app.workers.totals import Totals
from app.workers.worker import Worker, WorkerCommand, WorkerGoneError

# Seconds a worker may take to notice that its job is no longer wanted.
_CANCEL_PATIENCE = 2.0
# Workers that die before a job has begun on them are not the job's fault; it is tried again.
_ATTEMPTS = 3
_log = logging.getLogger("app.workers")


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Jobs at a time, jobs in line, and seconds."""

    slots: int
    places: int
    job_timeout: float
    start_timeout: float


class _NotBegunError(Exception):
    """The worker died before it took the job."""


class Pool:
    """Workers of one engine. Belongs to one event loop."""

    def __init__(self, command: WorkerCommand, size: PoolSize) -> None:
        self.size = size
        self.totals = Totals()
        self.observer = PoolObserver()
        self.slots = [
            Slot(index, command, size.start_timeout, self._offer, self._lost, self._replaced)
            for index in range(size.slots)
        ]
        self._idle: deque[Slot] = deque()
        self._waiting: deque[asyncio.Future[Slot]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def start(self) -> None:
        """Start the workers; they get ready on their own."""
        for slot in self.slots:
            self._spawn(slot.keep())

    async def stop(self) -> None:
        """End every worker and fail what is left."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(_stopping())
        workers = [slot.worker for slot in self.slots if slot.worker is not None]
        await asyncio.gather(*(worker.stop(_CANCEL_PATIENCE) for worker in workers))

    @property
    def running(self) -> int:
        """Jobs on a worker."""
        return sum(slot.state is SlotState.BUSY for slot in self.slots)

    @property
    def waiting(self) -> int:
        """Jobs in line."""
        return sum(not waiter.done() for waiter in self._waiting)

    @property
    def not_ready(self) -> str:
        """Why not every worker can speak; empty when all can."""
        return "; ".join(
            f"worker {slot.index} {slot.trouble or 'has ended'}"
            for slot in self.slots
            if not slot.usable
        )

    async def speak(self, job: Job, *, has_waited: bool = False) -> AsyncGenerator[bytes, None]:
        """Yield the job's speech (mono signed 16-bit little-endian) as it is made.

        `has_waited`: it comes from a queue with a bound of its own, and may stand in line here
        whatever its length. Raises `BusyError` at once when the line is full, and the other
        kinds of `SpeechError`. Closing the generator early stops the work.
        """
        self._admit(has_waited)
        self.totals.accepted += 1
        try:
            async with contextlib.aclosing(self._attempts(job)) as speech:
                async for pcm in speech:
                    yield pcm
            self.totals.done += 1
        except InvalidInputError:
            self.totals.refused += 1
            raise
        except DeadlineError:
            self.totals.timed_out += 1
            raise
        except (GeneratorExit, asyncio.CancelledError):
            self.totals.cancelled += 1
            raise
        except BaseException:
            self.totals.failed += 1
            raise

    def _admit(self, has_waited: bool) -> None:
        if self._stopped:
            raise _stopping()
        if all(slot.state is SlotState.BROKEN for slot in self.slots):
            raise self._no_worker()
        if self._idle or has_waited or self.waiting < self.size.places:
            return
        self.totals.busy += 1
        if not any(slot.usable for slot in self.slots):
            raise UnavailableError(
                "starting",
                f"this node is still starting: {self.not_ready}",
                "本节点正在启动，请稍后再试",
                retry_after=5,
            )
        seconds = max(1, math.ceil(self.totals.mean_seconds * (self.waiting + 1) / len(self.slots)))
        raise BusyError(
            "busy",
            f"all {len(self.slots)} workers are busy and {self.waiting} requests wait; "
            f"try again in {seconds} s",
            f"全部 {len(self.slots)} 个工作进程都在忙，另有 {self.waiting} 个请求排队，"
            f"请 {seconds} 秒后再试",
            retry_after=seconds,
        )

    async def _attempts(self, job: Job) -> AsyncGenerator[bytes, None]:
        for attempt in range(_ATTEMPTS):
            asked = time.monotonic()
            slot = await self._acquire()
            self.observer.job_begun(time.monotonic() - asked)
            try:
                async with contextlib.aclosing(self._on(slot, job)) as speech:
                    async for pcm in speech:
                        yield pcm
                return
            except _NotBegunError:
                _log.warning("job not begun, attempt %d", attempt + 1, extra=_about(job, slot))
        raise JobFailedError(
            "worker_lost",
            f"{_ATTEMPTS} workers died before they could take the request; try again",
            "工作进程连续退出，请重试",
        )

    async def _acquire(self) -> Slot:
        while self._idle:
            slot = self._idle.popleft()
            if slot.state is SlotState.IDLE:
                slot.state = SlotState.BUSY
                return slot
        waiter: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # Given a slot in the very moment of being cancelled: pass it on.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                slot = waiter.result()
                if slot.worker is not None:
                    self._release(slot, slot.worker)
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(waiter)

    def _offer(self, slot: Slot) -> None:
        """A slot with an idle worker: to whoever waits longest, or to the shelf."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                slot.state = SlotState.BUSY
                waiter.set_result(slot)
                return
        slot.state = SlotState.IDLE
        self._idle.append(slot)

    def _release(self, slot: Slot, worker: Worker) -> None:
        # A worker that has ended, or is about to: the slot offers itself with the next one.
        if slot.worker is worker and worker.alive:
            self._offer(slot)

    def _lost(self, slot: Slot) -> None:
        with contextlib.suppress(ValueError):
            self._idle.remove(slot)
        if all(other.state is SlotState.BROKEN for other in self.slots):
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_exception(self._no_worker())

    def _replaced(self, cause: str) -> None:
        self.observer.worker_replaced(cause)

    async def _on(self, slot: Slot, job: Job) -> AsyncGenerator[bytes, None]:
        """The job on a slot, within its deadline; whatever happens the slot is freed."""
        worker = slot.worker
        assert worker is not None
        began = time.monotonic()
        ended = False
        try:
            await worker.send(job.frame())
            deadline = began + self._timeout(job)
            begun = False
            while True:
                try:
                    frame = await worker.receive(max(0.0, deadline - time.monotonic()))
                except WorkerGoneError as error:
                    ended = True
                    if not begun:
                        raise _NotBegunError from error
                    raise self._crashed(job, slot, error) from error
                except TimeoutError as error:
                    worker.kill("deadline")
                    ended = True
                    raise self._too_late(job, slot) from error
                begun = True
                if frame.kind == "audio":
                    yield frame.payload
                elif frame.kind in frames.ENDINGS:
                    ended = True
                    _check(frame)
                    return
        finally:
            self.totals.seconds_working += time.monotonic() - began
            if ended:
                self._release(slot, worker)
            else:
                self._spawn(self._abandon(slot, worker))

    async def _abandon(self, slot: Slot, worker: Worker) -> None:
        """Nobody wants the job any more: ask the worker to stop, or replace it."""
        try:
            await worker.send(Frame("cancel", {}))
            async with asyncio.timeout(_CANCEL_PATIENCE):
                while (await worker.receive(_CANCEL_PATIENCE)).kind not in frames.ENDINGS:
                    pass
        except TimeoutError:
            worker.kill("cancelled")
        except WorkerGoneError:
            pass
        self._release(slot, worker)

    def _crashed(self, job: Job, slot: Slot, error: WorkerGoneError) -> SpeechError:
        _log.error("worker died under a job: %s", error, extra=_about(job, slot))
        if self._stopped:
            return _stopping()
        return JobFailedError(
            "worker_died",
            f"the worker died while it spoke this text ({error}); try again",
            f"工作进程在合成时意外退出（{error}），请重试",
        )

    def _too_late(self, job: Job, slot: Slot) -> DeadlineError:
        _log.error("job past its deadline, worker replaced", extra=_about(job, slot))
        limit = self._timeout(job)
        return DeadlineError(
            "deadline",
            f"the request took longer than {limit:g} s and was stopped; try a shorter text",
            f"合成超过 {limit:g} 秒，已停止，请缩短文字后再试",
        )

    def _timeout(self, job: Job) -> float:
        return self.size.job_timeout if job.timeout is None else job.timeout

    def _no_worker(self) -> UnavailableError:
        return UnavailableError(
            "no_worker",
            f"no worker can start: {self.not_ready}",
            "没有可用的工作进程，请联系管理员",
            retry_after=5,
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _check(frame: Frame) -> None:
    """Raise what a job's last frame tells of, if anything."""
    if frame.kind == "refused":
        en, zh = str(frame.fields["en"]), str(frame.fields["zh"])
        raise InvalidInputError("cannot_speak", en, zh, field="input")
    if frame.kind == "failed":
        said = frame.fields["message"]
        raise JobFailedError("engine_failed", f"the engine failed: {said}", f"引擎出错：{said}")


def _stopping() -> UnavailableError:
    return UnavailableError(
        "stopping", "this node is stopping; try again", "本节点即将停止，请重试", retry_after=1
    )


def _about(job: Job, slot: Slot) -> dict[str, object]:
    return {"job": job.request_id, "slot": slot.index}
