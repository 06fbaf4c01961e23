"""State of a log host: what it keeps, whom it heard, and that it takes lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..places import LOG_FOLDER, LOG_OUTPUTS
from ..resources.base import Observation
from .fact import Fact
from .probe import ProbeError, answer, python_probe


@dataclass(frozen=True, slots=True)
class SentOn:
    """An output, by its own account."""

    problem: str
    """Reason for which it takes no lines; empty where it does."""
    since: float
    """Seconds for which it has been so."""
    refused: int
    """Lines that it would never take, and that were left out."""


@dataclass(frozen=True, slots=True)
class LogStore:
    """A log host's folder and port. Sizes are bytes."""

    problem: str
    """Reason for which its port does not answer; empty where it does."""
    kept: int
    free: int
    size: int
    oldest: str
    """The first hour of which it has lines, ``2026-01-31T08``; empty where it has none."""
    heard: Mapping[str, float]
    """Seconds since each node was heard of."""
    outputs: Mapping[str, SentOn] = field(default_factory=dict)
    """By name; those that were tried."""


def log_store(address: str, port: int) -> Fact[LogStore]:
    """A log host at this address, by its own account."""
    asked = {"folder": LOG_FOLDER, "outputs": LOG_OUTPUTS, "address": address, "port": port}
    return Fact("log_store", python_probe("log_store", asked), _parse)


def _parse(found: Observation) -> LogStore:
    try:
        said = answer(found)
    except ProbeError as error:
        return LogStore(str(error), 0, 0, 0, "", {})
    return LogStore(
        said["problem"],
        said["bytes"],
        said["free"],
        said["size"],
        said["oldest"] or "",
        said["heard"],
        {name: SentOn(**one) for name, one in said["outputs"].items()},
    )
