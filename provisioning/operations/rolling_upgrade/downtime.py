"""Downtime of each node against the least that it could have been. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.operations.rolling_upgrade.state import Node, NodeStatus, Upgrade

_UNAVOIDABLE = ("drain", "stop", "start", "warm")
"""Its clients' last jobs, its own stop, its own start, its model: no tool can do without them."""
_OUT = ("drain", "stop", "switch", "start", "warm", "smoke_test", "restore")
"""Phases in which a node has less than its whole weight."""


@dataclass(frozen=True, slots=True)
class MinimumDowntime:
    """Downtime of one node, in seconds."""

    host: str
    parts: Mapping[str, float]
    """Drain wait, stop, start, warm."""
    minimum: float
    """Sum of the parts."""
    total: float
    """Time from the first moment out of service to the last, without staging and watching, which
    clients do not notice."""

    @property
    def ratio(self) -> float | None:
        """Total over minimum."""
        return self.total / self.minimum if self.minimum else None


def whole(phase: str) -> str:
    """Name under which a node's state has the duration of a phase from its start to its end."""
    return f"{phase} phase"


def downtime_of(node: Node) -> MinimumDowntime | None:
    """Compute the downtime of a real server that was upgraded; None for other nodes."""
    upgraded = node.role == "real_server" and node.status is NodeStatus.UPGRADED
    if not upgraded or not all(part in node.seconds for part in _UNAVOIDABLE):
        return None
    parts = {part: node.seconds[part] for part in _UNAVOIDABLE}
    total = sum(node.seconds.get(whole(phase), 0.0) for phase in _OUT)
    return MinimumDowntime(node.host, parts, sum(parts.values()), total)


def downtimes(upgrade: Upgrade) -> list[MinimumDowntime]:
    """Compute the downtime of every node that has one."""
    return [found for node in upgrade.nodes if (found := downtime_of(node))]
