"""State of the cluster at one moment, as far as a run needs it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NodeSnapshot:
    """State of one real server."""

    ready: bool
    """True where its readiness check passes."""
    release: str
    """Id of the release that it runs; empty where that is unknown."""
    slots: int = 0
    """Jobs it can run at a time."""
    places: int = 0
    """Jobs that may wait."""
    running: int = 0
    waiting: int = 0
    lacking: tuple[str, ...] = ()
    """Differences of its GPUs from what the inventory expects."""


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """A virtual service in the directors' kernels, or that of edges alone."""

    name: str
    quorum: int
    weights: dict[str, int]
    """The least weight that any live one of them gives each real server of the service; 0 is
    drained or taken out."""


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """State of the whole cluster."""

    services: tuple[ServiceSnapshot, ...]
    nodes: dict[str, NodeSnapshot]
    masters: tuple[str, ...] = ()
    """Directors that hold a VIP."""
    faults: tuple[str, ...] = ()
    """Faults to mend before anybody changes this cluster: no or two masters, directors that are
    gone or disagree."""
    drained: tuple[str, ...] = ()
    """Real servers that are drained on purpose, by anybody."""
    unreachable: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be observed, and why."""
