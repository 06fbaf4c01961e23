"""A job and how it can end."""

from dataclasses import dataclass

from app.engines.base import Request, Samples


@dataclass(frozen=True, slots=True)
class Job:
    """One request on its way to a worker."""

    request: Request
    id: str
    """The request id that log lines carry."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A finished job."""

    samples: Samples
    sample_rate: int
    seconds_taken: float


class JobError(Exception):
    """A job failed; the message is for the one who asked."""


class BusyError(JobError):
    """The queue is full, or the node is about to stop."""


class DeadlineError(JobError):
    """The job took longer than a job may."""


class WorkerDiedError(JobError):
    """The worker process ended under the job."""
