"""The events that a run tells the one who watches it."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened on a host, or to the run as a whole (``host`` empty)."""

    kind: Literal[
        "wave", "connect", "connected", "step", "step_done", "undo", "waiting", "done", "failed"
    ]
    host: str = ""
    text: str = ""
    number: int = 0
    total: int = 0
    detail: str = ""


class Progress(Protocol):
    """Called from the threads that work on hosts, so it must be safe to call from any."""

    def __call__(self, event: Event, /) -> None: ...


def silent(event: Event) -> None:
    """A watcher that looks away."""
