"""The bounded queue before the workers: jobs that run, wait, or are refused.

A thread cannot be stopped, a process can: a job past its deadline is ended with its worker,
which is replaced. What happens to one worker never reaches another, nor the page.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace

from ...errors import SpeechError, UnavailableError
from ...sound.pcm import SAMPLE_BYTES
from ..causes import Cause
from ..job import Job
from ..job_queue import JobQueue
from ..observer import PoolObserver
from ..remote import LostError, Neighbours
from ..report import JobReport
from ..self_test import Verdict
from ..slot import Slot, SlotEvents, SlotState
from ..totals import Totals
from ..worker import Worker, WorkerCommand
from . import job_errors, readiness
from .admission import Admission, Position
from .attempts import Attempts
from .coming import Coming
from .examination import Examination
from .local_run import LocalRun, NotBegunError
from .renewal import CANCEL_PATIENCE, Renewal
from .size import PoolSize
from .tasks import Tasks
from .workplace import Workplace

_SELF_TEST_PATIENCE = 30.0
"""Seconds for a worker's first words, at most: what its engine takes as a rule is far less."""
_ELSEWHERE_PATIENCE = 20.0
"""Seconds that jobs wait for workers of other nodes where none of this one can start."""


class Pool:
    """Workers of one engine. Belongs to one event loop."""

    def __init__(self, command: WorkerCommand, size: PoolSize) -> None:
        self.size = size
        self.totals = Totals()
        self.restarts: Counter[Cause] = Counter()
        """Replaced workers, by cause."""
        self.queue = JobQueue(self._kept_idle)
        self.coming = Coming()
        events = SlotEvents(self.queue.offer, self._lost, self._rest, self._count_restart)
        self.slots = [
            Slot(
                index,
                replace(command, gpu=size.gpu(index)),
                size.start_timeout,
                events,
                size.service,
            )
            for index in range(size.slots)
        ]
        self._tasks = Tasks()
        self._renewal = Renewal(self.slots, self.queue, self._tasks)
        patience = min(size.job_timeout, _SELF_TEST_PATIENCE)
        examination = Examination(self.queue, self._renewal, self._tasks, patience)
        self.self_tests: Counter[Verdict] = examination.verdicts
        """Of workers whose job had failed."""
        self._workplace = Workplace(self.slots, self.queue, self._tasks, self._renewal, examination)
        self._admission = Admission(size, self._workplace, self.totals)
        self._hoping = False

    def start(self) -> None:
        """Start the workers; they get ready on their own."""
        for slot in self.slots:
            self._tasks.spawn(slot.supervise())

    async def stop(self) -> None:
        """End every worker and fail what is left."""
        starting = {worker for slot in self.slots for worker in slot.workers}
        workers = starting | self._renewal.leaving
        tasks = self._tasks.cancel()
        self.queue.dismiss(job_errors.stopping)
        await asyncio.gather(*(worker.stop(CANCEL_PATIENCE, Cause.CANCEL) for worker in workers))
        await asyncio.gather(*tasks, return_exceptions=True)

    def observe(self, observer: PoolObserver) -> None:
        """Tell an observer of every job and worker from now on."""
        self._workplace.observer = observer

    def hold(self, slot: Slot, reason: str) -> None:
        """Take a slot out of service: the job that it has may end, and it gets no other until it
        is let go."""
        slot.hold(reason)
        if slot.state is SlotState.IDLE:
            self.queue.withdraw(slot)
            slot.rest()

    def let_go(self, slot: Slot) -> None:
        """Bring a slot back that was held."""
        slot.let_go()

    @property
    def capacity(self) -> int:
        """Jobs that can run at a time, on slots that are not held."""
        return len(readiness.open_slots(self.slots))

    @property
    def running(self) -> int:
        """Jobs on a worker."""
        return readiness.running(self.slots)

    @property
    def lent(self) -> int:
        """Jobs of this node that another one has taken."""
        return len(self._workplace.lent)

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self.queue.waiting

    @property
    def seconds_left(self) -> float:
        """Seconds until the last of the running jobs is over, at the latest."""
        return self._workplace.seconds_left

    @property
    def not_ready(self) -> str:
        """Reason why not every worker can speak; empty when all can. See
        ``readiness.not_ready``."""
        return readiness.not_ready(self.slots)

    def position(self, request_id: str) -> Position | None:
        """Find a request in the queue; None when it is not in the queue (any more)."""
        return self._admission.position(request_id)

    def refusal(self, promised: int = 0) -> SpeechError | None:
        """The error of a job that comes now and is refused, which is counted; None where it would
        be taken. So many places are ``promised`` to others."""
        return self._admission.refusal(promised)

    def join(self, neighbours: Neighbours) -> None:
        """Have other nodes take jobs that wait here, and give this one theirs."""
        self.queue.neighbours = neighbours

    async def speak(
        self, job: Job, *, has_waited: bool = False, report: JobReport | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the job's speech (mono signed 16-bit little-endian) as it is made.

        ``has_waited``: it comes from a queue with a bound of its own, and may stand in the queue
        here whatever its length. Raises ``BusyError`` at once when the queue is full, and the other
        kinds of ``SpeechError``. Closing the generator early stops the work. ``report`` is filled.
        """
        limit = self._admission.time_limit(job)
        self.coming.came(job.request_id)
        if error := self._admission.closed() if has_waited else self.refusal():
            raise error
        self.totals.accepted += 1
        report = report or JobReport(job.request_id)
        attempts = Attempts(self._workplace, job, limit, report)
        began = time.monotonic()
        try:
            async with contextlib.aclosing(attempts.speech()) as speech:
                async for pcm in speech:
                    if report.first_audio is None:
                        report.first_audio = time.monotonic() - began
                    report.samples += len(pcm) // SAMPLE_BYTES
                    yield pcm
        except BaseException as error:
            report.outcome = job_errors.outcome(error)
            report.code = job_errors.code(error)
            raise
        finally:
            self._end(report)

    def _end(self, report: JobReport) -> None:
        self.totals.end(report.outcome)
        self.totals.seconds_working += report.ran
        self._workplace.observer.job_ended(report)

    async def borrowed(
        self, slot: Slot, worker: Worker | None, job: Job, limit: float, report: JobReport
    ) -> AsyncGenerator[bytes, None]:
        """Yield the speech of another node's job on a slot that was taken, with this worker.

        That node counts it and has told it how long it may run, in seconds. ``report`` is filled.
        Raises ``LostError`` when the worker dies before it has taken the job, and ``SpeechError``.
        """
        if worker is None or slot.worker is not worker:
            raise LostError("the worker died before it was given the job")
        run = LocalRun(self._workplace, slot, job, limit, report)
        try:
            async with contextlib.aclosing(run.speech()) as speech:
                async for pcm in speech:
                    yield pcm
        except NotBegunError as error:
            raise LostError("the worker died before it took the job") from error

    def _kept_idle(self) -> int:
        """Slots that patient jobs leave idle: one, where there is another."""
        return int(len(readiness.open_slots(self.slots)) > 1)

    def _lost(self, slot: Slot) -> None:
        self.queue.withdraw(slot)
        if not readiness.none_starts(self.slots):
            return
        if not self.queue.neighbours.peers:
            self.queue.dismiss(self._no_worker)
        elif not self._hoping:
            self._hoping = True
            self._tasks.spawn(self._hope())

    async def _hope(self) -> None:
        """Keep jobs waiting for workers of other nodes, while none of this one starts, but not for
        long."""
        while readiness.none_starts(self.slots):
            await asyncio.sleep(1)
            # Slots are all held only while other nodes are in service: their turn comes.
            if readiness.none_starts(self.slots) and readiness.any_broken(self.slots):
                self.queue.dismiss(self._no_worker, _ELSEWHERE_PATIENCE)
        self._hoping = False

    def _rest(self, slot: Slot) -> None:
        self._renewal.rest(slot)

    def _no_worker(self) -> UnavailableError:
        return job_errors.no_worker(self.not_ready)

    def _count_restart(self, cause: Cause) -> None:
        self.restarts[cause] += 1
        self._workplace.observer.worker_replaced(cause)
