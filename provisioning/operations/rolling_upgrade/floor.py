"""How long each node took against what it could not have taken less. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.operations.rolling_upgrade.state import Node, NodeStatus, Upgrade

_FLOOR = ("drain", "stop", "start", "warm")
"""Its clients' last jobs, its own end, its own start, its model: no tool can do without them."""
_OUT = ("drain", "stop", "switch", "start", "warm", "prove", "restore")
"""Phases in which a node has less than its whole weight."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Of one node, in seconds."""

    host: str
    parts: Mapping[str, float]
    """Drain wait, stop, start, warm."""
    floor: float
    total: float
    """Everything from the first moment out of service to the last; not staging and watching,
    which clients do not notice."""

    @property
    def ratio(self) -> float | None:
        """Total over floor."""
        return self.total / self.floor if self.floor else None


def whole(phase: str) -> str:
    """Name under which a node's state has the time of a phase from its begin to its end."""
    return f"{phase} phase"


def floor_of(node: Node) -> Floor | None:
    """The figures of a real server that was upgraded; nothing for others."""
    upgraded = node.role == "real_server" and node.status is NodeStatus.UPGRADED
    if not upgraded or not all(part in node.seconds for part in _FLOOR):
        return None
    parts = {part: node.seconds[part] for part in _FLOOR}
    floor = sum(parts.values())
    total = sum(node.seconds.get(whole(phase), 0.0) for phase in _OUT)
    return Floor(node.host, parts, floor, total)


def floors(upgrade: Upgrade) -> list[Floor]:
    """Of all nodes that have them."""
    return [found for node in upgrade.nodes if (found := floor_of(node))]
