"""Admission of jobs, and the errors of those that are refused."""

import math
from dataclasses import dataclass

from ...errors import SpeechError
from ..job import Job
from ..totals import Totals
from . import job_errors, readiness
from .size import PoolSize
from .workplace import Workplace


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the queue."""

    ahead: int
    """Jobs before it."""
    seconds: float
    """Until its turn, roughly: by how long jobs have taken so far."""


class Admission:
    """Admission of jobs while there is room for them in the queue."""

    def __init__(self, size: PoolSize, workplace: Workplace, totals: Totals) -> None:
        self._size = size
        self._workplace = workplace
        self._totals = totals

    def position(self, request_id: str) -> Position | None:
        """Find a request in the queue; None when it is not in the queue (any more)."""
        ahead = self._workplace.queue.ahead(request_id)
        return None if ahead is None else Position(ahead, self._wait_for(ahead))

    def time_limit(self, job: Job) -> float:
        """Seconds the job may run. Raises ``InvalidInputError``."""
        if job.timeout is None:
            return self._size.job_timeout
        # Not a number is in no range.
        if not 0 < job.timeout <= self._size.longest_timeout:
            raise job_errors.timeout_out_of_range(job.timeout, self._size.longest_timeout)
        return job.timeout

    def refusal(self, promised: int) -> SpeechError | None:
        """The error of a job that comes now and is refused, which is counted; None where it would
        be taken. So many places are ``promised`` to others."""
        if error := self.closed():
            return error
        queue = self._workplace.queue
        # A slot with a patient job is as good as idle: who comes now is next there.
        if queue.idle + queue.soon + self._size.queue_size - queue.waiting > promised:
            return None
        self._totals.busy += 1
        slots = readiness.open_slots(self._workplace.slots)
        if not readiness.any_usable(slots):
            return job_errors.starting(readiness.not_ready(self._workplace.slots))
        seconds = max(1, math.ceil(self._wait_for(queue.waiting)))
        return job_errors.busy(len(slots), queue.waiting, seconds)

    def closed(self) -> SpeechError | None:
        """The error even of a job that has waited elsewhere; None where that is taken."""
        if self._workplace.tasks.stopping:
            return job_errors.stopping()
        slots = self._workplace.slots
        if readiness.none_starts(slots) and not self._workplace.queue.neighbours.peers:
            return job_errors.no_worker(readiness.not_ready(slots))
        return None

    def _wait_for(self, ahead: int) -> float:
        """Seconds until it is the turn of a job with so many before it, roughly."""
        at_once = max(1, len(readiness.open_slots(self._workplace.slots)))
        return self._totals.mean_seconds * (ahead + 1) / at_once
