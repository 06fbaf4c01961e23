"""The result of one check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was to be proved."""

    name: str
    ok: bool | None
    """Nothing where it could not be tried; the evidence says why."""
    evidence: str
    """Observation in one line."""
    fix: str = ""
    """Advice for the operator where it is not right or could not be tried."""
