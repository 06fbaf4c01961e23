"""What an upgrade tells those who watch it: a person at a table, a log, a machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal[
    "start",
    "batch",
    "phase",
    "phase_done",
    "phase_failed",
    "undo",
    "undo_done",
    "undo_failed",
    "waiting",
    "note",
    "upgraded",
    "put_back",
    "held_up",
    "broken",
    "paused",
    "finish",
    "failure",
]


@dataclass(frozen=True, slots=True)
class UpgradeEvent:
    """Something happened on a host, or to the run as a whole (``host`` empty)."""

    kind: Kind
    host: str = ""
    phase: str = ""
    text: str = ""
    """For people, one line."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For machines: numbers behind the text."""

    def record(self) -> dict[str, Any]:
        """As JSON has it; what is empty is left out."""
        fields = {"event": self.kind, "host": self.host, "phase": self.phase, "text": self.text}
        return {key: value for key, value in {**fields, **self.facts}.items() if value != ""}


class Watcher(Protocol):
    """Called from the threads that work on hosts, so it must be safe to call from any."""

    def __call__(self, event: UpgradeEvent, /) -> None: ...
