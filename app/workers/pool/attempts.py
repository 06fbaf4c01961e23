"""A job's way to a worker, and to another one where the first fails it."""

import contextlib
import logging
import time
from collections.abc import AsyncGenerator

from ...errors import WorkerBrokenError
from ..job import Job
from ..remote import NotTakenError, RemoteSlot
from ..report import JobReport
from ..slot import Slot
from . import job_errors
from .local_run import LocalRun, NotBegunError
from .remote_run import remote_speech
from .workplace import Workplace

_ATTEMPTS = 3
"""Workers that die before a job has begun on them are not the job's fault; it is tried again."""
_log = logging.getLogger("app.workers")


class Attempts:
    """All attempts at one job."""

    def __init__(self, workplace: Workplace, job: Job, limit: float, report: JobReport) -> None:
        self._workplace = workplace
        self._job = job
        self._limit = limit
        self._report = report
        self._arrived = time.monotonic() if job.arrived is None else job.arrived
        self._failed = False

    async def speech(self) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it is made. Raises ``SpeechError``."""
        attempt = 0
        while attempt < _ATTEMPTS:
            slot = await self._acquire()
            about = job_errors.about(self._job, slot)
            try:
                async with contextlib.aclosing(self._on(slot)) as speech:
                    async for pcm in speech:
                        yield pcm
                return
            except NotTakenError:
                # It is first in the queue again, and may go to a worker of this node.
                continue
            except WorkerBrokenError:
                if not self._once_more:
                    raise
                self._failed, self._limit = True, self._limit - self._report.ran
                _log.warning("job to be tried on another worker", extra=about)
            except NotBegunError:
                attempt += 1
                _log.warning("job not begun, attempt %d", attempt, extra=about)
        raise job_errors.worker_lost(_ATTEMPTS)

    @property
    def _once_more(self) -> bool:
        """True if a job that a broken worker failed is to be tried again: once, on another worker,
        where nobody has heard a part of it."""
        late = self._report.ran >= self._limit
        return not (self._failed or self._workplace.single or self._report.samples or late)

    async def _acquire(self) -> Slot | RemoteSlot:
        if self._job.patient:
            # It was told to wait: that is no time in line for anybody's charts.
            slot = await self._workplace.queue.acquire_spare(self._job.request_id, self._arrived)
        else:
            slot = await self._in_line()
        if isinstance(slot, Slot):
            self._report.lent_to = ""
            self._workplace.observer.job_begun(self._report.waited)
        return slot

    async def _in_line(self) -> Slot | RemoteSlot:
        began = time.monotonic()
        try:
            return await self._workplace.queue.acquire(self._job.request_id, self._arrived)
        finally:
            self._report.waited += time.monotonic() - began

    def _on(self, slot: Slot | RemoteSlot) -> AsyncGenerator[bytes, None]:
        if isinstance(slot, Slot):
            return LocalRun(self._workplace, slot, self._job, self._limit, self._report).speech()
        return remote_speech(self._workplace, slot, self._job, self._limit, self._report)
