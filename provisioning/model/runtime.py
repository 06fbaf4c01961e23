"""Things operators have done to a living cluster that its inventory does not say. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Drain:
    """A real server that gets no new work, on purpose."""

    who: str
    """The one who said so, and in which run."""
    since: str
    """Time of it: ISO 8601, UTC."""
    reason: str = ""
    settled: bool = False
    """True once its clients had their time: it was idle, or the deadline passed. Until then those
    whom persistence ties to it still get there (ipvs-sysctl, expire_quiescent_template)."""
    stopped: bool = False
    """True where its app was stopped as well; starting it ends the drain."""
    cause: str = ""
    """The command that drained it for as long as it changes it, such as ``deploy``, and brings it
    back itself; where it was cut, the next one does. Empty where an operator drained it."""

    def __str__(self) -> str:
        word = "stopped" if self.stopped else "drained"
        return f"{word} since {self.since} by {self.who}" + (
            f": {self.reason}" if self.reason else ""
        )


@dataclass(frozen=True, slots=True)
class Pin:
    """A real server that stays with a release, whatever the inventory's source has become."""

    release: str
    """Its id; it is on the host already."""
    who: str
    """The one who said so, and in which run."""
    since: str
    """Time of it: ISO 8601, UTC."""
    left: tuple[str, ...] = ()
    """Releases that upgrades left for it, the latest first, to which a rollback leads. None where
    the host was rolled back to it."""

    def __str__(self) -> str:
        return f"stays with release {self.release} since {self.since} by {self.who}"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The cluster's runtime state; whatever is made for hosts takes it into account."""

    drains: Mapping[str, Drain] = field(default_factory=dict)
    """By the name of the real server."""
    preferred: str | None = None
    """The director that a switch-over made master, where preemption would take that back."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """By the name of the real server that was rolled back."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """Percent of its weight that a real server gets while it starts slowly, by its name."""

    def weight(self, name: str, full: int) -> int:
        """Return what a real server of weight ``full`` is given now."""
        if name in self.drains or not full:
            return 0
        return max(1, full * self.shares.get(name, 100) // 100)
