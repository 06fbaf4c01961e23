"""A job on a worker of this node, within its deadline."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator

from ...errors import NodeError, WorkerBrokenError
from .. import frames
from ..causes import Cause
from ..frames import Frame
from ..job import Job
from ..report import JobReport
from ..slot import Slot
from ..word_frames import words_of
from ..worker import WorkerGoneError
from . import job_errors
from .renewal import CANCEL_PATIENCE
from .workplace import Workplace

_log = logging.getLogger("app.workers")


class NotBegunError(NodeError):
    """The worker died before it took the job."""


class LocalRun:
    """An attempt at a job on a slot that was taken for it; whatever happens the slot is freed."""

    def __init__(
        self, workplace: Workplace, slot: Slot, job: Job, limit: float, report: JobReport
    ) -> None:
        worker = slot.worker
        assert worker is not None
        self._workplace = workplace
        self._slot = slot
        self._worker = worker
        self._job = job
        self._limit = limit
        self._report = report
        self._deadline = 0.0
        self._begun = False
        self._ended = False
        self._examined: asyncio.Task[bool] | None = None

    async def speech(self) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it is made. Raises ``NotBegunError`` and ``SpeechError``."""
        self._worker.jobs += 1
        began = time.monotonic()
        self._workplace.deadlines[self._slot] = self._deadline = began + self._limit
        try:
            await self._worker.send(self._job.frame())
            while (frame := await self._receive()).kind not in frames.ENDINGS:
                if frame.kind == "audio":
                    yield frame.payload
                elif frame.kind == "words":
                    self._report.words += words_of(frame)
            await self._conclude(frame)
        finally:
            self._workplace.deadlines.pop(self._slot, None)
            self._report.ran += time.monotonic() - began
            self._free()

    async def _receive(self) -> Frame:
        try:
            frame = await self._worker.receive(max(0.0, self._deadline - time.monotonic()))
        except WorkerGoneError as error:
            self._ended = True
            if not self._begun:
                raise NotBegunError from error
            raise self._died(error) from error
        except TimeoutError as error:
            self._worker.kill(Cause.DEADLINE)
            self._ended = True
            raise job_errors.too_late(self._job, self._slot, self._limit) from error
        self._begun = True
        return frame

    def _died(self, error: WorkerGoneError) -> Exception:
        about = job_errors.about(self._job, self._slot)
        _log.error("worker died under a job: %s", error, extra=about)
        if self._workplace.tasks.stopping:
            return job_errors.stopping()
        return job_errors.worker_died(error)

    async def _conclude(self, frame: Frame) -> None:
        """Look at the last frame. Raises the error that it reports."""
        self._ended = True
        if times := self._accounted(frame):
            await self._examine(times, frame)
        job_errors.check(frame)

    async def _examine(self, times: int, frame: Frame) -> None:
        examination = self._workplace.examination
        self._examined = task = examination.begin(self._slot, self._worker, times)
        await asyncio.wait({task}, timeout=self._deadline - time.monotonic())
        if task.cancelled():
            raise job_errors.stopping()
        if task.done() and not task.result():
            raise WorkerBrokenError(*job_errors.failure(frame))

    def _free(self) -> None:
        if self._examined is not None:
            # Freed when that is over.
            return
        if self._ended:
            self._workplace.renewal.release(self._slot, self._worker)
        else:
            self._workplace.tasks.spawn(self._abandon())

    async def _abandon(self) -> None:
        """Give up a job that nobody wants any more: ask the worker to stop, or replace it. An
        engine that fails meanwhile is examined all the same."""
        times = 0
        try:
            await self._worker.send(Frame("cancel", {}))
            async with asyncio.timeout(CANCEL_PATIENCE):
                frame = await self._worker.receive(CANCEL_PATIENCE)
                while frame.kind not in frames.ENDINGS:
                    frame = await self._worker.receive(CANCEL_PATIENCE)
            times = self._accounted(frame)
        except TimeoutError:
            self._worker.kill(Cause.CANCEL)
        except WorkerGoneError:
            pass
        if times:
            self._workplace.examination.begin(self._slot, self._worker, times)
        else:
            self._workplace.renewal.release(self._slot, self._worker)

    def _accounted(self, frame: Frame) -> int:
        """Look at what a job's last frame says of the worker; the number of self-tests to run."""
        if frame.fields.get("out_of_memory"):
            self._worker.kill(Cause.OUT_OF_MEMORY)
            return 0
        return self._slot.record.ended(frame.kind)
