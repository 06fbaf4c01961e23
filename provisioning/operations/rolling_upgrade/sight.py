"""What is known of the living cluster at one moment, as far as an upgrade has to know it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NodeSight:
    """One real server."""

    ready: bool
    """Whether its readiness check passes."""
    release: str
    """Id of the release that it runs; empty where that could not be told."""
    slots: int = 0
    """Jobs it can do at a time."""
    places: int = 0
    """Jobs that may wait."""
    running: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ServiceSight:
    """A virtual service in the directors' kernels."""

    name: str
    quorum: int
    weights: dict[str, int]
    """Of each real server that serves it, the least that any live director gives it; 0 is
    drained or taken out."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All of it."""

    services: tuple[ServiceSight, ...]
    nodes: dict[str, NodeSight]
    masters: tuple[str, ...] = ()
    """Directors that hold a VIP."""
    faults: tuple[str, ...] = ()
    """What must be put right before anybody touches this cluster: no or two masters, directors
    that are gone or do not agree."""
    drained: tuple[str, ...] = ()
    """Real servers that are drained on purpose, whoever did it."""
    unreachable: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be looked at, and why."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a drained node still has to do."""

    jobs: int
    """Running and waiting."""
    answers: int = 0
    """Requests under way: uploads, streams, downloads, also those that it passes on to others."""
    pages: int = 0
    """Pages that are open in browsers. They are not waited for: they stay for as long as their
    owner pleases, and find another node when this one goes."""

    @property
    def nothing(self) -> bool:
        """Whether it may be stopped."""
        return not self.jobs and not self.answers

    def __str__(self) -> str:
        pages = f" ({self.pages} idle pages)" if self.pages else ""
        return f"{self.jobs} jobs, {self.answers} open requests{pages}"
