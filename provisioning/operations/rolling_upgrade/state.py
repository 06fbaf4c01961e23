"""Where an upgrade stands: all that is needed to go on with it after a cut. Plain data, pure."""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade.choices import Choices, SlowStep

Role = Literal["real_server", "director"]
CAUSE = "rolling-upgrade"
"""Of an upgrade's drains in the runtime state."""
VERSION = 1
"""Of the format; another one is not read."""


class NodeStatus(StrEnum):
    """How far a node is."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    GOING_BACK = "going back"
    UPGRADED = "upgraded"
    BACK = "put back"
    """On the old release and at its weight again, after a phase failed."""
    BROKEN = "broken"
    """It could not be put back; it gets no clients."""


class RunStatus(StrEnum):
    """How the run as a whole is."""

    RUNNING = "running"
    """Under way, or cut."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """Nodes failed."""
    ABORTED = "aborted"
    """The operator gave it up; nodes that were under way are on the old release."""
    FINISHED = "finished"


SETTLED = frozenset({NodeStatus.UPGRADED, NodeStatus.BACK, NodeStatus.BROKEN})
MOVING = frozenset({NodeStatus.UNDER_WAY, NodeStatus.GOING_BACK})


@dataclass(frozen=True, slots=True)
class Node:
    """One host of the upgrade."""

    host: str
    role: Role
    batch: int
    old: str = ""
    """Id of the release that it goes back to; empty for directors."""
    canary: bool = False
    drained: bool = False
    """Whether the operator had drained it; then it gets the release and stays out of service."""
    status: NodeStatus = NodeStatus.WAITING
    done: tuple[str, ...] = ()
    """Phases that came to an end, well or not, and were not undone, in order."""
    at: str = ""
    """The phase under way; still there after a cut, so that it is run again or undone."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What took how long."""
    facts: dict[str, float] = field(default_factory=dict)
    """What phases found out for later ones."""
    reason: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A whole run."""

    id: str
    target: str
    """Id of the release that all real servers get."""
    source: dict[str, str]
    """What the release is made from, for making it again."""
    choices: Choices
    nodes: tuple[Node, ...]
    begun: str
    """Time of the start, ISO 8601."""
    status: RunStatus = RunStatus.RUNNING
    seconds: float = 0.0
    """Time spent on it, over all its runs."""

    def node(self, host: str) -> Node:
        """One node by name."""
        return next(node for node in self.nodes if node.host == host)

    def with_node(self, changed: Node) -> "Upgrade":
        """The same with one node changed."""
        nodes = tuple(changed if node.host == changed.host else node for node in self.nodes)
        return replace(self, nodes=nodes)


class StateFormatError(ClusterError, ValueError):
    """A state that this version cannot read."""


def to_record(upgrade: Upgrade) -> dict[str, Any]:
    """As JSON has it."""
    return {"version": VERSION, **asdict(upgrade)}


def from_record(record: Any) -> Upgrade:
    """From JSON. Raises ``StateFormatError``."""
    try:
        if record["version"] != VERSION:
            raise StateFormatError(f"it has format {record['version']}, this program {VERSION}")
        choices = dict(record["choices"])
        choices["slow_start"] = tuple(SlowStep(**step) for step in choices["slow_start"])
        nodes = tuple(
            Node(**{**node, "status": NodeStatus(node["status"]), "done": tuple(node["done"])})
            for node in record["nodes"]
        )
        rest = {key: record[key] for key in ("id", "target", "source", "begun", "seconds")}
        status = RunStatus(record["status"])
        return Upgrade(choices=Choices(**choices), nodes=nodes, status=status, **rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise StateFormatError(f"it is not the state of an upgrade ({error})") from None
