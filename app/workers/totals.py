"""Counts of jobs by their outcome: ``accepted`` is the sum of the endings and of those still
running."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of an accepted job. Names are part of status and metrics."""

    DONE = "done"
    REFUSED = "refused"
    """The engine cannot speak this text with this voice."""
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Totals:
    """Counts since the node started."""

    accepted: int = 0
    busy: int = 0
    """Turned away at once, never accepted."""
    done: int = 0
    refused: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    seconds_working: float = 0.0
    """Time that ended jobs spent on a worker."""

    def end(self, outcome: Outcome) -> None:
        """Count an accepted job that is over."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    @property
    def ended(self) -> int:
        """Accepted jobs that are over."""
        return self.done + self.refused + self.failed + self.timed_out + self.cancelled

    @property
    def mean_seconds(self) -> float:
        """Seconds a job takes on a worker; 1 before the first has ended."""
        return self.seconds_working / self.ended if self.ended else 1.0
