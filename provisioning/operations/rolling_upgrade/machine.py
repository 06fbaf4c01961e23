"""What comes next. Pure: from where an upgrade stands to the next step, and from a step's end to
where it stands then. It knows names of phases and not what they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from provisioning.operations.rolling_upgrade.state import (
    MOVING,
    SETTLED,
    Node,
    NodeStatus,
    Role,
    RunStatus,
    Upgrade,
)

Sequences = Mapping[Role, tuple[str, ...]]
"""Names of the phases of each role, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of one node, done or undone."""

    host: str
    phase: str
    direction: Literal["forward", "back"] = "forward"


def next_step(node: Node, sequences: Sequences) -> Step | None:
    """What a node that is under way does next; nothing where it has come to an end."""
    if node.status is NodeStatus.GOING_BACK and node.done:
        return Step(node.host, node.done[-1], "back")
    if node.status is NodeStatus.UNDER_WAY:
        for phase in sequences[node.role]:
            if phase not in node.done:
                return Step(node.host, phase)
    return None


def begun(upgrade: Upgrade, step: Step) -> Upgrade:
    """A phase is about to run. It is noted before, so that what it may have done is undone even
    if the run is cut in the middle of it. Phases and their undoing may be run twice."""
    if step.direction == "back":
        return upgrade
    return upgrade.with_node(replace(upgrade.node(step.host), at=step.phase))


def passed(
    upgrade: Upgrade,
    step: Step,
    sequences: Sequences,
    *,
    seconds: Mapping[str, float] | None = None,
    facts: Mapping[str, float] | None = None,
) -> Upgrade:
    """A step came to a good end."""
    node = upgrade.node(step.host)
    node = replace(
        node,
        seconds={**node.seconds, **(seconds or {})},
        facts={**node.facts, **(facts or {})},
    )
    if step.direction == "back":
        node = replace(node, done=node.done[:-1])
        if not node.done:
            node = replace(node, status=NodeStatus.BACK)
    else:
        node = replace(node, done=(*node.done, step.phase), at="")
        if set(node.done) >= set(sequences[node.role]):
            node = replace(node, status=NodeStatus.UPGRADED)
    return upgrade.with_node(node)


def failed(upgrade: Upgrade, step: Step, reason: str) -> Upgrade:
    """A step failed: forward, the node goes back; back, it is broken."""
    node = upgrade.node(step.host)
    if step.direction == "back":
        reason = f"{node.reason}; and it could not be put back: {reason}"
        node = replace(node, status=NodeStatus.BROKEN, reason=reason)
    else:
        node = _turned_back(replace(node, at=step.phase), reason)
    return upgrade.with_node(node)


def batch_due(upgrade: Upgrade) -> int | None:
    """The batch at work or next; nothing when every node has come to an end."""
    return min((node.batch for node in upgrade.nodes if node.status not in SETTLED), default=None)


def members(upgrade: Upgrade, batch: int) -> tuple[Node, ...]:
    """Nodes of a batch that have not come to an end."""
    return tuple(n for n in upgrade.nodes if n.batch == batch and n.status not in SETTLED)


def started(upgrade: Upgrade, batch: int) -> Upgrade:
    """The waiting nodes of a batch get under way."""
    for node in members(upgrade, batch):
        if node.status is NodeStatus.WAITING:
            upgrade = upgrade.with_node(replace(node, status=NodeStatus.UNDER_WAY))
    return upgrade


def failures(upgrade: Upgrade) -> tuple[Node, ...]:
    """Nodes that did not get the new release."""
    bad = (NodeStatus.BACK, NodeStatus.BROKEN, NodeStatus.GOING_BACK)
    return tuple(node for node in upgrade.nodes if node.status in bad)


def must_stop(upgrade: Upgrade) -> bool:
    """Whether no further batch may begin: too many failed, or one is left broken, which nobody
    should add to."""
    found = failures(upgrade)
    broken = any(node.status is NodeStatus.BROKEN for node in found)
    return broken or len(found) > upgrade.choices.max_fail


def ended(upgrade: Upgrade) -> Upgrade:
    """The whole as it is at the end of a run, when nothing moves any more."""
    if must_stop(upgrade):
        return replace(upgrade, status=RunStatus.STOPPED)
    if batch_due(upgrade) is None:
        return replace(upgrade, status=RunStatus.FINISHED)
    return replace(upgrade, status=RunStatus.PAUSED)


def resumed(upgrade: Upgrade) -> Upgrade:
    """Taken up again: what was under way goes on from where it was. After a run that stopped by
    itself, what had failed gets another try."""
    nodes = []
    stopped = upgrade.status in (RunStatus.STOPPED, RunStatus.FINISHED)
    for node in upgrade.nodes:
        if node.status is NodeStatus.BACK and stopped:
            node = replace(node, status=NodeStatus.WAITING, done=(), reason="")
        elif node.status is NodeStatus.BROKEN:
            node = replace(node, status=NodeStatus.GOING_BACK)
        nodes.append(node)
    return replace(upgrade, nodes=tuple(nodes), status=RunStatus.RUNNING)


def given_up(upgrade: Upgrade, reason: str) -> Upgrade:
    """Nodes that are under way go back; those that wait stay as they are."""
    nodes = []
    for node in upgrade.nodes:
        if node.status in MOVING or node.status is NodeStatus.BROKEN:
            node = _turned_back(node, node.reason or reason)
        nodes.append(node)
    return replace(upgrade, nodes=tuple(nodes), status=RunStatus.RUNNING)


def _turned_back(node: Node, reason: str) -> Node:
    done = (*node.done, node.at) if node.at else node.done
    status = NodeStatus.GOING_BACK if done else NodeStatus.BACK
    return replace(node, status=status, done=done, at="", reason=reason)
