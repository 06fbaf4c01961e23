"""Report of a job that is over, for metrics and logs."""

from dataclasses import dataclass, field

from ..sound.timed import Word
from .totals import Outcome


@dataclass(slots=True)
class JobReport:
    """Report of an accepted job. Times are in seconds."""

    request_id: str
    outcome: Outcome = Outcome.DONE
    code: str = ""
    """The error's code; empty for ``done`` and ``cancelled``."""
    waited: float = 0.0
    """In line for a worker."""
    ran: float = 0.0
    """On a worker, here or elsewhere; 0 when it never got one."""
    first_audio: float | None = None
    """From being accepted to the first sound; None when there was none."""
    samples: int = 0
    """Of sound, at the engine's rate."""
    words: list[Word] = field(default_factory=list)
    """When the words were said, where that was asked for; it grows with the sound."""
    lent_to: str = ""
    """The node whose worker made it; empty for this one."""
