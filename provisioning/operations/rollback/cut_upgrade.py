"""A rolling upgrade that was cut before its nodes were rolled back."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ..rolling.run_status import OVER, RunStatus
from ..rolling_upgrade import state_file
from ..rolling_upgrade.state import MOVING, NodeStatus


def abort_upgrade(folder: Path, hosts: Collection[str]) -> bool:
    """Take hosts that were rolled back out of an upgrade that was cut with them under way; abort it
    once none is left under way. True where it was aborted. Raises ``StateFileError``."""
    upgrade = state_file.load(folder)
    if upgrade is None or upgrade.status in OVER:
        return False
    ours = [node for node in upgrade.nodes if node.host in hosts and node.status in MOVING]
    for node in ours:
        upgrade = upgrade.with_node(replace(node, status=NodeStatus.ROLLED_BACK, at=""))
    aborted = bool(ours) and not any(node.status in MOVING for node in upgrade.nodes)
    if aborted:
        upgrade = replace(upgrade, status=RunStatus.ABORTED)
    if ours:
        state_file.save(folder, upgrade)
    return aborted
