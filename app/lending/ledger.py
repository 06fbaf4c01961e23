"""Counts of the jobs that were lent and borrowed, by how they ended."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Ending(StrEnum):
    """End of a loan. Names are part of status and metrics."""

    DONE = "done"
    NOT_TAKEN = "not_taken"
    """No slot was free there any more; the job went back to its line."""
    LOST = "lost"
    """The node or the connection was gone in the middle."""
    FAILED = "failed"
    """The engine there gave an error, or the deadline was over."""
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Ledger:
    """Counts since the node started."""

    lent: Counter[Ending] = field(default_factory=Counter)
    borrowed: Counter[Ending] = field(default_factory=Counter)
