"""A job on a worker of another node, within its deadline."""

import time
from collections.abc import AsyncGenerator

from ..job import Job
from ..remote import LostError, RemoteSlot
from ..report import JobReport
from . import job_errors
from .local_run import NotBegunError
from .workplace import Workplace


async def remote_speech(
    workplace: Workplace, slot: RemoteSlot, job: Job, limit: float, report: JobReport
) -> AsyncGenerator[bytes, None]:
    """Yield the speech as it arrives.

    Raises ``NotTakenError``, ``NotBegunError`` where the other node fails before the first sound,
    so that the job can be done again, and ``SpeechError``.
    """
    began = time.monotonic()
    workplace.deadlines[slot] = began + limit
    try:
        async with slot.begun(job, limit, report) as speech:
            report.lent_to = slot.node
            if not job.patient:
                workplace.lent.add(slot)
            workplace.observer.job_begun(report.waited)
            async for pcm in speech:
                yield pcm
    except LostError as error:
        if not report.samples:
            raise NotBegunError from error
        raise job_errors.node_lost(job, slot, error) from error
    except TimeoutError as error:
        raise job_errors.too_late(job, slot, limit) from error
    finally:
        workplace.deadlines.pop(slot, None)
        workplace.lent.discard(slot)
        if report.lent_to:
            report.ran += time.monotonic() - began
