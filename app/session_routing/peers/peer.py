"""A peer: its address and its last reported condition."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """Another node, by an address of its own: never the virtual IP, which every node holds."""

    name: str
    url: str
    """For example ``http://10.0.0.12:7860``, without a path."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition that a node reports when it is asked."""

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
    version: int = 0
    """Number of changes of this process's condition, but for its jobs."""

    @property
    def load(self) -> float:
        """Jobs a slot; below 1 a new job does not wait."""
        return self.jobs / max(1, self.slots)

    def differs(self, other: "Condition") -> bool:
        """Tell whether all have to know. What a node has to do changes all the time, and is asked
        for where it matters."""
        return replace(self, jobs=0, version=0) != replace(other, jobs=0, version=0)

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
            version=int(content.get("version", 0)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a condition: {content!r}") from error


Ask = Callable[[], Condition]
"""Asked of the node itself, whenever somebody wants to know."""
