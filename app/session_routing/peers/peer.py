"""A peer: its address and its last reported condition."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """Another node, by an address of its own: never the virtual IP, which every node holds."""

    name: str
    url: str
    """For example ``http://10.0.0.12:7860``, without a path."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition that a node reports about once a second."""

    release: str = ""
    """Nodes of one release serve the same page."""
    ready: bool = True
    """True if it takes new sessions: False while it starts, drains or is broken."""
    jobs: int = 0
    """Running and waiting."""
    slots: int = 1
    """Jobs it can run at the same time."""

    leaving: bool = False
    """True if it wants to go out of service by itself, or has gone."""
    process: str = ""
    """Of the process that says so: another one by the same name holds no session of this one."""

    @property
    def load(self) -> float:
        """Jobs a slot; below 1 a new job does not wait."""
        return self.jobs / max(1, self.slots)

    def as_json(self) -> dict[str, Any]:
        """Encode it for other nodes."""
        return asdict(self)


def condition_of(content: Any) -> Condition:
    """Parse a peer's condition. Raises ValueError."""
    try:
        return Condition(
            release=str(content["release"]),
            ready=bool(content["ready"]),
            jobs=int(content["jobs"]),
            slots=int(content["slots"]),
            # A release that does not say it never goes by itself.
            leaving=bool(content.get("leaving", False)),
            process=str(content["process"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a condition: {content!r}") from error


Ask = Callable[[], Condition]
"""Asked of the node itself, whenever somebody wants to know."""
