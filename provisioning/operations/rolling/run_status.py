"""Progress of a whole run."""

from enum import StrEnum


class RunStatus(StrEnum):
    """Progress of the whole run."""

    RUNNING = "running"
    """Under way, or cut."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """Hosts failed."""
    ABORTED = "aborted"
    """Aborted by the operator; no host is left in the middle."""
    FINISHED = "finished"


OVER = frozenset({RunStatus.FINISHED, RunStatus.ABORTED})
"""Such a run cannot be resumed any more."""
