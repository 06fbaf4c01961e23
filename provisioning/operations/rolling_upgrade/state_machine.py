"""State machine of an upgrade. Pure: it chooses the next step of a state, and computes the state
after a step. It knows the names of phases and not what they do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..rolling.batches import batch_due, members_left
from ..rolling.run_status import RunStatus
from .state import (
    MOVING,
    Node,
    NodeStatus,
    Role,
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
    """Choose the next step of a node that is under way; None where it has ended."""
    if node.status is NodeStatus.ROLLING_BACK and node.done:
        return Step(node.host, node.done[-1], "back")
    if node.status is NodeStatus.UNDER_WAY:
        for phase in sequences[node.role]:
            if phase not in node.done:
                return Step(node.host, phase)
    return None


def begin_step(upgrade: Upgrade, step: Step) -> Upgrade:
    """Note a phase before it runs, so that its effects are undone even if the run is cut in the
    middle of it. Phases and their undoing may be run twice."""
    if step.direction == "back":
        return upgrade
    return upgrade.with_node(replace(upgrade.node(step.host), at=step.phase))


def begin_next(upgrade: Upgrade, host: str, sequences: Sequences) -> Upgrade:
    """As ``begin_step``, for the next step of a node, if there is one."""
    step = next_step(upgrade.node(host), sequences)
    return begin_step(upgrade, step) if step else upgrade


def complete(
    upgrade: Upgrade,
    step: Step,
    sequences: Sequences,
    *,
    seconds: Mapping[str, float] | None = None,
    facts: Mapping[str, float] | None = None,
) -> Upgrade:
    """Note that a step succeeded."""
    node = upgrade.node(step.host)
    node = replace(
        node,
        seconds={**node.seconds, **(seconds or {})},
        facts={**node.facts, **(facts or {})},
    )
    if step.direction == "back":
        node = replace(node, done=node.done[:-1])
        if not node.done:
            node = replace(node, status=NodeStatus.ROLLED_BACK)
    else:
        node = replace(node, done=(*node.done, step.phase), at="")
        if set(node.done) >= set(sequences[node.role]):
            node = replace(node, status=NodeStatus.UPGRADED)
    return upgrade.with_node(node)


def fail(upgrade: Upgrade, step: Step, reason: str) -> Upgrade:
    """Note that a step failed: forward, the node rolls back; back, it has failed."""
    node = upgrade.node(step.host)
    if step.direction == "back":
        reason = f"{node.reason}; and it could not be rolled back: {reason}"
        node = replace(node, status=NodeStatus.FAILED, reason=reason)
    else:
        node = _roll_back(replace(node, at=step.phase), reason)
    return upgrade.with_node(node)


def start_batch(upgrade: Upgrade, batch: int) -> Upgrade:
    """Set the waiting nodes of a batch under way."""
    return start(upgrade, [node.host for node in members_left(upgrade.nodes, batch)])


def start(upgrade: Upgrade, hosts: Iterable[str]) -> Upgrade:
    """Set nodes under way that are waiting."""
    for host in hosts:
        node = upgrade.node(host)
        if node.status is NodeStatus.WAITING:
            upgrade = upgrade.with_node(replace(node, status=NodeStatus.UNDER_WAY))
    return upgrade


def failures(upgrade: Upgrade) -> tuple[Node, ...]:
    """List nodes that did not get the new release."""
    bad = (NodeStatus.ROLLED_BACK, NodeStatus.FAILED, NodeStatus.ROLLING_BACK)
    return tuple(node for node in upgrade.nodes if node.status in bad)


def must_stop(upgrade: Upgrade) -> bool:
    """True where no further batch may begin: too many nodes were rolled back, or one could not
    be."""
    found = failures(upgrade)
    stuck = any(node.status is NodeStatus.FAILED for node in found)
    return stuck or len(found) > upgrade.options.max_fail


def conclude(upgrade: Upgrade) -> Upgrade:
    """Set the status of the whole at the end of a run."""
    if must_stop(upgrade):
        return upgrade.with_status(RunStatus.STOPPED)
    if batch_due(upgrade.nodes) is None:
        return upgrade.with_status(RunStatus.FINISHED)
    return upgrade.with_status(RunStatus.PAUSED)


def resume(upgrade: Upgrade) -> Upgrade:
    """Prepare an upgrade for another run: nodes under way continue where they were. After a run
    that stopped by itself, failed nodes get another try."""
    nodes = []
    stopped = upgrade.status in (RunStatus.STOPPED, RunStatus.FINISHED)
    for node in upgrade.nodes:
        if node.status is NodeStatus.ROLLED_BACK and stopped:
            node = replace(node, status=NodeStatus.WAITING, done=(), reason="")
        elif node.status is NodeStatus.FAILED:
            node = replace(node, status=NodeStatus.ROLLING_BACK)
        nodes.append(node)
    return replace(upgrade, nodes=tuple(nodes), status=RunStatus.RUNNING)


def abort(upgrade: Upgrade, reason: str) -> Upgrade:
    """Roll back the nodes that are under way; waiting ones stay as they are."""
    nodes = []
    for node in upgrade.nodes:
        if node.status in MOVING or node.status is NodeStatus.FAILED:
            node = _roll_back(node, node.reason or reason)
        nodes.append(node)
    return replace(upgrade, nodes=tuple(nodes), status=RunStatus.RUNNING)


def _roll_back(node: Node, reason: str) -> Node:
    done = (*node.done, node.at) if node.at else node.done
    status = NodeStatus.ROLLING_BACK if done else NodeStatus.ROLLED_BACK
    return replace(node, status=status, done=done, at="", reason=reason)
