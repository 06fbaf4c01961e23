"""A rolling upgrade that has not come to its end when its nodes are rolled back."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ..rolling.run_status import OVER, RunStatus
from ..rolling_upgrade import state_file
from ..rolling_upgrade.state import MOVING, Node, NodeStatus, Upgrade


def releases_before(folder: Path) -> dict[str, str]:
    """Releases that real servers had before an upgrade that is unfinished, by name; of those too
    that it has not come to, so that all have the same after a rollback. None where it left nothing
    to roll back. Raises ``StateFileError``."""
    upgrade = _unfinished(folder)
    if upgrade is None or not any(_is_changed(node) for node in upgrade.nodes):
        return {}
    return {node.host: node.old for node in upgrade.nodes if node.old}


def abort_upgrade(folder: Path, hosts: Collection[str]) -> bool:
    """Take hosts that were rolled back out of an upgrade that is unfinished; abort it once it has
    left no node changed. True where it was aborted. Raises ``StateFileError``."""
    upgrade = _unfinished(folder)
    ours = [node for node in upgrade.nodes if node.host in hosts] if upgrade is not None else []
    if upgrade is None or not ours:
        return False
    for node in ours:
        if _is_changed(node):
            upgrade = upgrade.with_node(replace(node, status=NodeStatus.ROLLED_BACK, at=""))
    aborted = not any(_is_changed(node) for node in upgrade.nodes)
    if aborted:
        upgrade = replace(upgrade, status=RunStatus.ABORTED)
    state_file.save(folder, upgrade)
    return aborted


def _unfinished(folder: Path) -> Upgrade | None:
    upgrade = state_file.load(folder)
    return None if upgrade is None or upgrade.status in OVER else upgrade


def _is_changed(node: Node) -> bool:
    """True for a node that is under way, or does not have the release that it had."""
    gone = {NodeStatus.UPGRADED, NodeStatus.FAILED}
    return node.status in MOVING or (node.role == "real_server" and node.status in gone)
