"""Sliding window: how many nodes are out, and which may begin. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..rolling.batches import members_left
from ..rolling.errors import PreflightError
from ..rolling.preflight import check_batch
from ..rolling.snapshot import ClusterSnapshot
from .options import most_out
from .state import MOVING, Node, NodeStatus, Upgrade

_RESTORE = "restore"
"""The phase after which a node has its whole weight."""
_UNPROVED = 2
"""Nodes that are out or still watched, for each that may be out: a release that goes bad while it
is watched has not gone much further by then."""


def limit(upgrade: Upgrade) -> int:
    """Real servers that may be out at any time. Raises ``OptionError``."""
    return most_out(upgrade.options.max_out, len(_servers(upgrade)))


def regrouped(upgrade: Upgrade) -> Upgrade:
    """The upgrade with all nodes in one window that batches would have taken, and have not yet."""
    due = [n for n in _servers(upgrade) if n.status is NodeStatus.WAITING and not n.canary]
    first = min((node.batch for node in due), default=0)
    for node in due:
        upgrade = upgrade.with_node(replace(node, batch=first))
    return upgrade


def is_window(upgrade: Upgrade, batch: int) -> bool:
    """True where the nodes of a batch go one after the other rather than together."""
    return bool(upgrade.options.max_out) and all(
        node.role == "real_server" and not node.canary
        for node in upgrade.nodes
        if node.batch == batch
    )


def is_out(node: Node) -> bool:
    """True while the upgrade keeps a node from serving with its whole weight."""
    if node.status is NodeStatus.UNDER_WAY:
        return _RESTORE not in node.done
    return node.status in (NodeStatus.ROLLING_BACK, NodeStatus.FAILED)


def out(upgrade: Upgrade) -> list[str]:
    """Real servers that are out."""
    return [node.host for node in _servers(upgrade) if is_out(node)]


def free(upgrade: Upgrade) -> int:
    """Real servers that may begin now."""
    servers, most = _servers(upgrade), limit(upgrade)
    moving = sum(node.status in MOVING for node in servers)
    return max(0, min(most - len(out(upgrade)), _UNPROVED * most - moving))


def due(upgrade: Upgrade, batch: int) -> list[Node]:
    """Nodes of a window that may begin now as far as their number goes, in order."""
    waiting = [
        node for node in members_left(upgrade.nodes, batch) if node.status is NodeStatus.WAITING
    ]
    return waiting[: free(upgrade)]


def admitted(
    snapshot: ClusterSnapshot, candidates: Sequence[Node], going: Collection[str], *, force: bool
) -> tuple[list[Node], list[str]]:
    """The most of the candidates that the cluster can do without now, the first ones first, and
    notes for the operator. Raises ``PreflightError`` where that is none of them."""
    for count in range(len(candidates), 1, -1):
        try:
            chosen = list(candidates[:count])
            return chosen, check_batch(snapshot, chosen, force=force, going=going)
        except PreflightError:
            continue
    chosen = list(candidates[:1])
    return chosen, check_batch(snapshot, chosen, force=force, going=going)


def _servers(upgrade: Upgrade) -> list[Node]:
    return [node for node in upgrade.nodes if node.role == "real_server"]
