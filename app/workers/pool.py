"""The bounded queue before the workers: who runs, who waits, who is told "busy".

A thread cannot be stopped, a process can: a job past its deadline is ended with its worker,
which is replaced. What happens to one worker never reaches another, nor the page.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from app.errors import (
    BusyError,
    DeadlineError,
    InvalidInputError,
    JobFailedError,
    SpeechError,
    UnavailableError,
    WorkerBrokenError,
)
from app.workers import frames, self_test
from app.workers.causes import Cause
from app.workers.coming import Coming
from app.workers.frames import Frame
from app.workers.job import Job
from app.workers.line import Line
from app.workers.neighbours import Elsewhere, LostError, Neighbours, NotTakenError
from app.workers.observer import PoolObserver
from app.workers.pcm import SAMPLE_BYTES
from app.workers.report import JobReport
from app.workers.self_test import Verdict
from app.workers.slot import ServiceTime, Slot, SlotEvents, SlotState
from app.workers.totals import Outcome, Totals
from app.workers.worker import Worker, WorkerCommand, WorkerGoneError

# Seconds a worker may take to notice that its job is no longer wanted.
_CANCEL_PATIENCE = 2.0
# Workers that die before a job has begun on them are not the job's fault; it is tried again.
_ATTEMPTS = 3
# Seconds for a worker's first words, at most: what its engine takes as a rule is far less.
_SELF_TEST_PATIENCE = 30.0
# Seconds that jobs wait for workers of other nodes where none of this one can start.
_ELSEWHERE_PATIENCE = 20.0
_Result = TypeVar("_Result")
_log = logging.getLogger("app.workers")


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Jobs at a time, jobs in line, and seconds."""

    slots: int
    places: int
    job_timeout: float
    """What a job may take that does not say how long."""
    start_timeout: float
    longest_timeout: float = 300.0
    """What a job may ask for."""
    service: ServiceTime = field(default_factory=ServiceTime)
    cards: tuple[str, ...] | None = None
    """Slots take turns on these GPUs; none of them where it is empty; None leaves it to the
    environment."""

    def card(self, slot: int) -> str | None:
        """CUDA_VISIBLE_DEVICES of a slot's workers."""
        if not self.cards:
            return None if self.cards is None else ""
        return self.cards[slot % len(self.cards)]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in line."""

    ahead: int
    """Jobs before it."""
    seconds: float
    """Until its turn, roughly: by how long jobs have taken so far."""


class _NotBegunError(Exception):
    """The worker died before it took the job."""


class Pool:
    """Workers of one engine. Belongs to one event loop."""

    def __init__(self, command: WorkerCommand, size: PoolSize) -> None:
        self.size = size
        self.totals = Totals()
        self.restarts: Counter[Cause] = Counter()
        """How many workers were replaced, by cause."""
        self.self_tests: Counter[Verdict] = Counter()
        """Of workers whose job had failed."""
        self.observer = PoolObserver()
        self.line = Line()
        self.coming = Coming()
        events = SlotEvents(self.line.offer, self._lost, self._count_restart)
        self.slots = [
            Slot(
                index,
                replace(command, card=size.card(index)),
                size.start_timeout,
                events,
                size.service,
            )
            for index in range(size.slots)
        ]
        self._deadlines: dict[Slot | Elsewhere, float] = {}
        self._lent: set[Elsewhere] = set()
        self._renewing: set[Slot] = set()
        self._leaving: set[Worker] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopped = False
        self._hoping = False

    def start(self) -> None:
        """Start the workers; they get ready on their own."""
        for slot in self.slots:
            self._spawn(slot.keep())

    async def stop(self) -> None:
        """End every worker and fail what is left."""
        self._stopped = True
        tasks = list(self._tasks)
        workers = {worker for slot in self.slots for worker in slot.workers} | self._leaving
        for task in tasks:
            task.cancel()
        self.line.dismiss(_stopping)
        await asyncio.gather(*(worker.stop(_CANCEL_PATIENCE, Cause.CANCEL) for worker in workers))
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def running(self) -> int:
        """Jobs on a worker."""
        return sum(slot.state is SlotState.BUSY for slot in self.slots)

    @property
    def lent(self) -> int:
        """Jobs of this node that another one has taken."""
        return len(self._lent)

    @property
    def waiting(self) -> int:
        """Jobs in line."""
        return self.line.waiting

    @property
    def seconds_left(self) -> float:
        """Until the last of the running jobs is over, at the latest."""
        return max(0.0, max(self._deadlines.values(), default=0.0) - time.monotonic())

    def position(self, request_id: str) -> Position | None:
        """Where the request stands in line; None when it is not in line (any more)."""
        ahead = self.line.ahead(request_id)
        return None if ahead is None else Position(ahead, self._wait_for(ahead))

    @property
    def not_ready(self) -> str:
        """Why not every worker can speak; empty when all can.

        One that is being renewed as planned does not count while another can speak.
        """
        some = any(slot.usable for slot in self.slots)
        return "; ".join(
            f"worker {slot.index} {slot.trouble}"
            for slot in self.slots
            if not slot.usable and not (some and slot.state is SlotState.RENEWING)
        )

    def join(self, neighbours: Neighbours) -> None:
        """Have other nodes take jobs that wait here, and give this one theirs."""
        self.line.neighbours = neighbours

    async def speak(
        self, job: Job, *, has_waited: bool = False, report: JobReport | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the job's speech (mono signed 16-bit little-endian) as it is made.

        `has_waited`: it comes from a queue with a bound of its own, and may stand in line here
        whatever its length. Raises `BusyError` at once when the line is full, and the other
        kinds of `SpeechError`. Closing the generator early stops the work. `report` is filled.
        """
        limit = self._time_limit(job)
        self.coming.came(job.request_id)
        if error := self._closed() if has_waited else self.no_place():
            raise error
        self.totals.accepted += 1
        report = report or JobReport(job.request_id)
        began = time.monotonic()
        try:
            async with contextlib.aclosing(self._attempts(job, limit, report)) as speech:
                async for pcm in speech:
                    if report.first_audio is None:
                        report.first_audio = time.monotonic() - began
                    report.samples += len(pcm) // SAMPLE_BYTES
                    yield pcm
        except BaseException as error:
            report.outcome = _outcome(error)
            report.code = error.code if isinstance(error, SpeechError) else ""
            raise
        finally:
            self._end(report)

    def _end(self, report: JobReport) -> None:
        self.totals.end(report.outcome)
        self.totals.seconds_working += report.ran
        self.observer.job_ended(report)

    def _time_limit(self, job: Job) -> float:
        """Seconds the job may run. Raises `InvalidInputError`."""
        if job.timeout is None:
            return self.size.job_timeout
        longest = self.size.longest_timeout
        # Not a number is in no range.
        if not 0 < job.timeout <= longest:
            raise InvalidInputError(
                "timeout_out_of_range",
                f"timeout {job.timeout:g} is not between 0 and {longest:g} seconds",
                f"超时 {job.timeout:g} 不在 0 到 {longest:g} 秒之间",
                field="timeout",
            )
        return job.timeout

    def _wait_for(self, ahead: int) -> float:
        """Seconds until it is the turn of a job with so many before it, roughly."""
        return self.totals.mean_seconds * (ahead + 1) / len(self.slots)

    def no_place(self, promised: int = 0) -> SpeechError | None:
        """Why a job that comes now would be refused, and that it was is counted; None where it
        would be taken. So many places are `promised` to others."""
        if error := self._closed():
            return error
        waiting = self.waiting
        if self.line.idle + self.size.places - waiting > promised:
            return None
        self.totals.busy += 1
        if not any(slot.usable for slot in self.slots):
            return UnavailableError(
                "starting",
                f"this node is still starting: {self.not_ready}",
                "本节点正在启动，请稍后再试",
                retry_after=5,
            )
        seconds = max(1, math.ceil(self._wait_for(waiting)))
        return BusyError(
            "busy",
            f"all {len(self.slots)} workers are busy and {waiting} requests wait; "
            f"try again in {seconds} s",
            f"全部 {len(self.slots)} 个工作进程都在忙，另有 {waiting} 个请求排队，"
            f"请在 {seconds} 秒后再试",
            retry_after=seconds,
        )

    def _closed(self) -> SpeechError | None:
        """Why not even a job that has waited elsewhere is taken."""
        if self._stopped:
            return _stopping()
        if self._none_starts and not self.line.neighbours.peers:
            return self._no_worker()
        return None

    async def borrowed(
        self, slot: Slot, worker: Worker | None, job: Job, limit: float
    ) -> AsyncGenerator[bytes, None]:
        """Yield the speech of another node's job on a slot that was taken, with this worker.

        That node counts it and has told it how long it may run, in seconds. Raises `LostError`
        when the worker dies before it has taken the job, and `SpeechError`.
        """
        if worker is None or slot.worker is not worker:
            raise LostError("the worker died before it was given the job")
        try:
            made = self._on(slot, job, limit, JobReport(job.request_id))
            async with contextlib.aclosing(made) as speech:
                async for pcm in speech:
                    yield pcm
        except _NotBegunError as error:
            raise LostError("the worker died before it took the job") from error

    async def _attempts(
        self, job: Job, limit: float, report: JobReport
    ) -> AsyncGenerator[bytes, None]:
        arrived = time.monotonic() if job.arrived is None else job.arrived
        attempt, failed = 0, False
        while attempt < _ATTEMPTS:
            seat = await self._acquire(job, arrived, report)
            if isinstance(seat, Slot):
                made = self._on(seat, job, limit, report)
            else:
                made = self._elsewhere(seat, job, limit, report)
            try:
                async with contextlib.aclosing(made) as speech:
                    async for pcm in speech:
                        yield pcm
                return
            except NotTakenError:
                # It is first in line again, and may go to a worker of this node.
                continue
            except WorkerBrokenError:
                # Once more, where nobody has heard a part of it.
                if failed or self._alone or report.samples or report.ran >= limit:
                    raise
                failed, limit = True, limit - report.ran
                _log.warning("job to be tried on another worker", extra=_about(job, seat))
            except _NotBegunError:
                attempt += 1
                _log.warning("job not begun, attempt %d", attempt, extra=_about(job, seat))
        raise JobFailedError(
            "worker_lost",
            f"{_ATTEMPTS} workers died before they could take the request; try again",
            "工作进程连续退出，请重试",
        )

    @property
    def _alone(self) -> bool:
        """Whether there is no worker but one."""
        return len(self.slots) == 1 and not self.line.neighbours.peers

    async def _acquire(self, job: Job, arrived: float, report: JobReport) -> Slot | Elsewhere:
        began = time.monotonic()
        try:
            seat = await self.line.acquire(job.request_id, arrived)
        finally:
            report.waited += time.monotonic() - began
        if isinstance(seat, Slot):
            report.lent_to = ""
            self.observer.job_begun(report.waited)
        return seat

    async def _elsewhere(
        self, seat: Elsewhere, job: Job, limit: float, report: JobReport
    ) -> AsyncGenerator[bytes, None]:
        """The job on another node. Where that fails before the first sound, it is done again."""
        began = time.monotonic()
        self._deadlines[seat] = began + limit
        try:
            async with seat.begun(job, limit) as speech:
                report.lent_to = seat.node
                self._lent.add(seat)
                self.observer.job_begun(report.waited)
                async for pcm in speech:
                    yield pcm
        except LostError as error:
            if not report.samples:
                raise _NotBegunError from error
            raise _lost(job, seat, error) from error
        except TimeoutError as error:
            raise self._too_late(job, seat, limit) from error
        finally:
            self._deadlines.pop(seat, None)
            self._lent.discard(seat)
            if report.lent_to:
                report.ran += time.monotonic() - began

    def _release(self, slot: Slot, worker: Worker) -> None:
        """The slot's job is over. A worker that has ended, or is about to, is left alone: the
        slot offers itself with the next one."""
        if slot.worker is not worker or not worker.alive:
            return
        self._hand_over(slot)
        if (cause := slot.due) is None or self._somebody_loads():
            self.line.offer(slot)
        elif slot.has_room:
            self._renewing.add(slot)
            self._spawn(self._renew(slot, cause))
            self.line.offer(slot)
        else:
            slot.pause(cause)
            self._let_go(worker, cause)

    def _somebody_loads(self) -> bool:
        """Whether a worker is being started: one planned replacement at a time."""
        return bool(self._renewing) or any(
            slot.renewing or slot.state in (SlotState.STARTING, SlotState.RENEWING)
            for slot in self.slots
        )

    async def _renew(self, slot: Slot, cause: Cause) -> None:
        try:
            await slot.load_successor(cause)
        finally:
            self._renewing.discard(slot)
        if slot.state is SlotState.IDLE:
            self._hand_over(slot)

    def _hand_over(self, slot: Slot) -> None:
        if (old := slot.hand_over()) is not None:
            self._let_go(old, old.end_cause)

    def _let_go(self, worker: Worker, cause: Cause) -> None:
        async def see_off() -> None:
            await worker.stop(_CANCEL_PATIENCE, cause)
            self._leaving.discard(worker)

        self._leaving.add(worker)
        self._spawn(see_off())

    def _lost(self, slot: Slot) -> None:
        self.line.withdraw(slot)
        if self._none_starts and not self.line.neighbours.peers:
            self.line.dismiss(self._no_worker)
        elif self._none_starts and not self._hoping:
            self._hoping = True
            self._spawn(self._hope())

    @property
    def _none_starts(self) -> bool:
        return all(slot.state is SlotState.BROKEN for slot in self.slots)

    async def _hope(self) -> None:
        """While no worker of this node starts, jobs wait for those of others, but not for long."""
        while self._none_starts:
            await asyncio.sleep(1)
            if self._none_starts:
                self.line.dismiss(self._no_worker, _ELSEWHERE_PATIENCE)
        self._hoping = False

    def _count_restart(self, cause: Cause) -> None:
        self.restarts[cause] += 1
        self.observer.worker_replaced(cause)

    async def _on(
        self, slot: Slot, job: Job, limit: float, report: JobReport
    ) -> AsyncGenerator[bytes, None]:
        """The job on a slot, within its deadline; whatever happens the slot is freed."""
        worker = slot.worker
        assert worker is not None
        worker.jobs += 1
        began = time.monotonic()
        self._deadlines[slot] = deadline = began + limit
        ended = False
        in_doubt: asyncio.Task[bool] | None = None
        try:
            await worker.send(job.frame())
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
                    worker.kill(Cause.DEADLINE)
                    ended = True
                    raise self._too_late(job, slot, limit) from error
                begun = True
                if frame.kind == "audio":
                    yield frame.payload
                elif frame.kind in frames.ENDINGS:
                    ended = True
                    if frame.fields.get("out_of_memory"):
                        worker.kill(Cause.OUT_OF_MEMORY)
                    elif times := slot.record.ended(frame.kind):
                        in_doubt = self._spawn(self._examine(slot, worker, times))
                        await asyncio.wait({in_doubt}, timeout=deadline - time.monotonic())
                        if in_doubt.cancelled():
                            raise _stopping()
                        if in_doubt.done() and not in_doubt.result():
                            raise WorkerBrokenError(*_failure(frame))
                    _check(frame)
                    return
        finally:
            ran = time.monotonic() - began
            self._deadlines.pop(slot, None)
            report.ran += ran
            if in_doubt is not None:
                # Freed when that is over.
                pass
            elif ended:
                self._release(slot, worker)
            else:
                self._spawn(self._abandon(slot, worker))

    async def _examine(self, slot: Slot, worker: Worker, times: int) -> bool:
        """Have a worker that has no job say its first words, and replace it where it cannot;
        whether it can. Frees the slot."""
        patience = min(self.size.job_timeout, _SELF_TEST_PATIENCE)
        if trouble := await self_test.trouble(worker, times, patience):
            worker.kill(Cause.SELF_TEST, f"its engine fails: {trouble}")
        self.self_tests[Verdict.FAILED if trouble else Verdict.PASSED] += 1
        self._release(slot, worker)
        if trouble:
            self._examine_idle()
        return not trouble

    def _examine_idle(self) -> None:
        """What one worker lacks others may lack, too."""
        while (slot := self.line.take()) is not None:
            if slot.worker is not None:
                self._spawn(self._examine(slot, slot.worker, 1))

    async def _abandon(self, slot: Slot, worker: Worker) -> None:
        """Nobody wants the job any more: ask the worker to stop, or replace it."""
        try:
            await worker.send(Frame("cancel", {}))
            async with asyncio.timeout(_CANCEL_PATIENCE):
                while (await worker.receive(_CANCEL_PATIENCE)).kind not in frames.ENDINGS:
                    pass
        except TimeoutError:
            worker.kill(Cause.CANCEL)
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

    def _too_late(self, job: Job, seat: Slot | Elsewhere, limit: float) -> DeadlineError:
        _log.error("job past its deadline, worker replaced", extra=_about(job, seat))
        return DeadlineError(
            "deadline",
            f"the request took longer than {limit:g} s and was stopped; try a shorter text",
            f"合成超过 {limit:g} 秒，已停止，请缩短文字后再试",
        )

    def _no_worker(self) -> UnavailableError:
        return UnavailableError(
            "no_worker",
            f"no worker can start: {self.not_ready}",
            "没有可用的工作进程，请联系管理员",
            retry_after=5,
        )

    def _spawn(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _check(frame: Frame) -> None:
    """Raise what a job's last frame tells of, if anything."""
    if frame.kind == "refused":
        en, zh = str(frame.fields["en"]), str(frame.fields["zh"])
        raise InvalidInputError("cannot_speak", en, zh, field="input")
    if frame.fields.get("out_of_memory"):
        raise JobFailedError(
            "out_of_memory",
            f"memory ran out while this text was spoken ({frame.fields['message']}); "
            "try a shorter text, or again later",
            "合成时内存或显存不足，请缩短文字或稍后再试",
        )
    if frame.kind == "failed":
        raise JobFailedError(*_failure(frame))


def _failure(frame: Frame) -> tuple[str, str, str]:
    said = frame.fields.get("message") or frame.fields.get("en")
    return "engine_failed", f"the engine failed: {said}", f"引擎出错：{said}"


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, InvalidInputError):
        return Outcome.REFUSED
    if isinstance(error, DeadlineError):
        return Outcome.TIMED_OUT
    if isinstance(error, GeneratorExit | asyncio.CancelledError):
        return Outcome.CANCELLED
    return Outcome.FAILED


def _stopping() -> UnavailableError:
    return UnavailableError(
        "stopping", "this node is stopping; try again", "本节点即将停止，请重试", retry_after=1
    )


def _lost(job: Job, seat: Elsewhere, error: LostError) -> SpeechError:
    _log.error("node lost under a lent job: %s", error, extra=_about(job, seat))
    return JobFailedError(
        "node_lost",
        f"the node {seat.node}, which spoke this text, is gone ({error}); try again",
        f"合成所在的节点 {seat.node} 已断开，请重试",
    )


def _about(job: Job, seat: Slot | Elsewhere) -> dict[str, object]:
    where = {"slot": seat.index} if isinstance(seat, Slot) else {"lent_to": seat.node}
    return {"job": job.request_id, **where}
