"""End of a run. Pure."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from ..verify import CheckResult
from .run_status import RunStatus


class Outcome(Enum):
    """End of a command."""

    DONE = "done"
    FAILED = "failed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(ABC):
    """A run at its end."""

    checks: tuple[CheckResult, ...] = ()
    """The proof at its end, if one was made."""

    @property
    @abstractmethod
    def status(self) -> RunStatus:
        """Status of the whole."""

    @property
    @abstractmethod
    def failures(self) -> list[str]:
        """Failures, one a host."""

    @property
    def bad(self) -> list[str]:
        """Failures that count: none after an abort, which was asked for."""
        return [] if self.status is RunStatus.ABORTED else self.failures

    @property
    def ok(self) -> bool:
        """True where it went as the operator asked, also into a pause or an abort."""
        return not self.unproved and self.status is not RunStatus.STOPPED and not self.bad

    @property
    def outcome(self) -> Outcome:
        """The result in one word; a pause with failures is a failure."""
        if not self.ok:
            return Outcome.FAILED
        return Outcome.PAUSED if self.status is RunStatus.PAUSED else Outcome.DONE

    @property
    def unproved(self) -> str:
        """Checks of the proof that failed, with their evidence; empty where none did."""
        return "; ".join(f"{one.name}: {one.evidence}" for one in self.checks if one.ok is False)
