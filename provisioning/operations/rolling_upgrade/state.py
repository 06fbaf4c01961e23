"""State of an upgrade: everything that is needed to resume it after a cut. Plain data, pure."""

from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Literal

from ...errors import ClusterError
from ..rolling.run_status import RunStatus
from .options import SlowStep, UpgradeOptions, most_out

Role = Literal["real_server", "director"]
CAUSE = "rolling-upgrade"
"""Cause of an upgrade's drains in the runtime state."""
VERSION = 2
"""Version of the format; a later one is not read."""


class NodeStatus(StrEnum):
    """Progress of a node."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    ROLLING_BACK = "rolling back"
    UPGRADED = "upgraded"
    ROLLED_BACK = "rolled back"
    """On the old release and at its weight again, after a phase failed."""
    FAILED = "failed"
    """The node could not be rolled back; it gets no clients."""


SETTLED = frozenset({NodeStatus.UPGRADED, NodeStatus.ROLLED_BACK, NodeStatus.FAILED})
MOVING = frozenset({NodeStatus.UNDER_WAY, NodeStatus.ROLLING_BACK})
_RESTORE = "restore"
"""The phase after which a node has its whole weight."""


@dataclass(frozen=True, slots=True)
class Node:
    """One host of the upgrade."""

    host: str
    role: Role
    batch: int
    old: str = ""
    """Id of the release to roll back to; empty for directors."""
    canary: bool = False
    drained: bool = False
    """Drained by the operator: the node gets the release and stays out of service."""
    status: NodeStatus = NodeStatus.WAITING
    done: tuple[str, ...] = ()
    """Phases that ended, well or not, and were not undone, in order."""
    at: str = ""
    """The phase under way; still set after a cut, so that the phase is run again or undone."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations by name."""
    facts: dict[str, float] = field(default_factory=dict)
    """Findings of phases for later ones."""
    reason: str = ""
    """Reason why the node failed."""

    @property
    def ended(self) -> bool:
        """True where this run does nothing more with it."""
        return self.status in SETTLED

    @property
    def leaves(self) -> bool:
        """True for a real server that clients lose while it is upgraded."""
        return self.role == "real_server" and not self.drained

    @property
    def waits(self) -> bool:
        """True until it begins."""
        return self.status is NodeStatus.WAITING

    @property
    def moves(self) -> bool:
        """True while it is under way, or being rolled back."""
        return self.status in MOVING

    @property
    def is_out(self) -> bool:
        """True while the upgrade keeps a real server from serving with its whole weight."""
        if self.status is NodeStatus.UNDER_WAY:
            return _RESTORE not in self.done
        return self.status in (NodeStatus.ROLLING_BACK, NodeStatus.FAILED)

    def in_batch(self, number: int) -> "Node":
        """Copy the node into another batch."""
        return replace(self, batch=number)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A whole run."""

    id: str
    target: str
    """Id of the release that all real servers get."""
    source: dict[str, str]
    """Source of the release, for building it again."""
    options: UpgradeOptions
    nodes: tuple[Node, ...]
    begun: str
    """Time of the start, ISO 8601."""
    status: RunStatus = RunStatus.RUNNING
    seconds: float = 0.0
    """Time spent on the upgrade, over all its runs."""
    expected: dict[str, float] = field(default_factory=dict)
    """Seconds that phases took in the upgrade before this one, by name."""

    @property
    def servers(self) -> tuple[Node, ...]:
        """Its real servers."""
        return tuple(node for node in self.nodes if node.role == "real_server")

    @property
    def most_out(self) -> int | None:
        """Real servers that may be out at any time; None where batches are barriers. Raises
        ``OptionError``."""
        text = self.options.max_out
        return most_out(text, len(self.servers)) if text else None

    def node(self, host: str) -> Node:
        """Find one node by name."""
        return next(node for node in self.nodes if node.host == host)

    def with_node(self, changed: Node) -> "Upgrade":
        """Copy the upgrade with one node changed."""
        nodes = tuple(changed if node.host == changed.host else node for node in self.nodes)
        return replace(self, nodes=nodes)

    def with_status(self, status: RunStatus) -> "Upgrade":
        """Copy the upgrade with another status."""
        return replace(self, status=status)


_KEYS = tuple(one.name for one in fields(Upgrade))
_NODE_KEYS = tuple(one.name for one in fields(Node))


class StateFormatError(ClusterError, ValueError):
    """A state that this version cannot read."""


def to_record(upgrade: Upgrade) -> dict[str, Any]:
    """Render an upgrade for JSON. Programs from before there were windows read one of batches."""
    # Not asdict of the whole, which copies what hundreds of nodes have at every phase of each.
    record = {key: getattr(upgrade, key) for key in _KEYS}
    record["nodes"] = [{key: getattr(node, key) for key in _NODE_KEYS} for node in upgrade.nodes]
    record["options"] = asdict(upgrade.options)
    if not upgrade.options.max_out:
        del record["options"]["max_out"]
    return {"version": VERSION, **record}


def from_record(record: Any) -> Upgrade:
    """Parse ``to_record``, of this version or the one before. Raises ``StateFormatError``."""
    try:
        if record["version"] == 1:
            record = _from_version_1(record)
        if record["version"] != VERSION:
            raise StateFormatError(f"it has format {record['version']}, this program {VERSION}")
        options = dict(record["options"])
        options["slow_start"] = tuple(SlowStep(**step) for step in options["slow_start"])
        nodes = tuple(
            Node(**{**node, "status": NodeStatus(node["status"]), "done": tuple(node["done"])})
            for node in record["nodes"]
        )
        rest = {key: record[key] for key in ("id", "target", "source", "begun", "seconds")}
        rest["expected"] = {**record.get("expected", {})}
        status = RunStatus(record["status"])
        return Upgrade(options=UpgradeOptions(**options), nodes=nodes, status=status, **rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise StateFormatError(f"it is not the state of an upgrade ({error})") from None


_STATUSES_OF_1 = {
    "going back": NodeStatus.ROLLING_BACK,
    "put back": NodeStatus.ROLLED_BACK,
    "broken": NodeStatus.FAILED,
}
_NAMES_OF_1 = {"prove": "smoke_test", "prove phase": "smoke_test phase"}
"""Phases, and the names that their durations are stored under."""


def _from_version_1(record: dict[str, Any]) -> dict[str, Any]:
    """Translate a record of version 1, whose run may still be resumed."""
    found = {key: value for key, value in record.items() if key != "choices"}
    nodes = [_node_from_version_1(node) for node in record["nodes"]]
    return {**found, "version": VERSION, "options": record["choices"], "nodes": nodes}


def _node_from_version_1(node: dict[str, Any]) -> dict[str, Any]:
    def renamed(name: str) -> str:
        return _NAMES_OF_1.get(name, name)

    return {
        **node,
        "status": _STATUSES_OF_1.get(node["status"], node["status"]),
        "done": [renamed(name) for name in node["done"]],
        "at": renamed(node["at"]),
        "seconds": {renamed(name): value for name, value in node["seconds"].items()},
    }
