"""A job on a worker of another node, within its deadline."""

import time
from collections.abc import AsyncGenerator

from app.workers import job_errors
from app.workers.job import Job
from app.workers.local_run import NotBegunError
from app.workers.neighbours import Elsewhere, LostError
from app.workers.report import JobReport
from app.workers.workplace import Workplace


async def remote_speech(
    workplace: Workplace, seat: Elsewhere, job: Job, limit: float, report: JobReport
) -> AsyncGenerator[bytes, None]:
    """Yield the speech as it arrives.

    Raises `NotTakenError`, `NotBegunError` where the other node fails before the first sound, so
    that the job can be done again, and `SpeechError`.
    """
    began = time.monotonic()
    workplace.deadlines[seat] = began + limit
    try:
        async with seat.begun(job, limit) as speech:
            report.lent_to = seat.node
            workplace.lent.add(seat)
            workplace.observer.job_begun(report.waited)
            async for pcm in speech:
                yield pcm
    except LostError as error:
        if not report.samples:
            raise NotBegunError from error
        raise job_errors.node_lost(job, seat, error) from error
    except TimeoutError as error:
        raise job_errors.too_late(job, seat, limit) from error
    finally:
        workplace.deadlines.pop(seat, None)
        workplace.lent.discard(seat)
        if report.lent_to:
            report.ran += time.monotonic() - began
