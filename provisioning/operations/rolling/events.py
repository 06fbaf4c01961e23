"""Events of a run, for a person, a log or a program."""

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
    "output",
    "maintained",
    "put_back",
    "forecast",
    "upgraded",
    "rolled_back",
    "blocked",
    "failed",
    "paused",
    "finish",
    "failure",
]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An event on a host, or of the whole run (``host`` empty)."""

    kind: Kind
    host: str = ""
    phase: str = ""
    text: str = ""
    """For people, one line."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For machines: numbers behind the text."""

    def record(self) -> dict[str, Any]:
        """Render for JSON, without empty fields."""
        fields = {"event": self.kind, "host": self.host, "phase": self.phase, "text": self.text}
        return {key: value for key, value in {**fields, **self.facts}.items() if value != ""}


class Watcher(Protocol):
    """Receiver of events. It is called from every thread that works on a host."""

    def __call__(self, event: RunEvent, /) -> None: ...
