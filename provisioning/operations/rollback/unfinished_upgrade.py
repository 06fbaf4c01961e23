"""A rolling upgrade that has not come to its end when its nodes are rolled back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..rolling.run_status import OVER, RunStatus
from ..rolling_upgrade import state_file
from ..rolling_upgrade.state import MOVING, Node, NodeStatus, Upgrade


@dataclass(frozen=True, slots=True)
class BegunUpgrade:
    """An unfinished upgrade that has changed real servers."""

    target: str
    """The release that it brings."""
    old: Mapping[str, str]
    """The release that each real server had before, by name."""

    def undone(self, has: Mapping[str, str]) -> dict[str, str]:
        """Releases of hosts once it is undone, of those too that it has not come to, so that all
        have the same; none where hosts have got another release since."""
        ours = {name: old for name, old in self.old.items() if name in has}
        overtaken = any(has[name] not in (old, self.target) for name, old in ours.items())
        return {} if overtaken else ours


def begun_upgrade(folder: Path) -> BegunUpgrade | None:
    """The upgrade that is unfinished, if it has changed a real server.

    Raises ``StateFileError``.
    """
    upgrade = _unfinished(folder)
    if upgrade is None or not any(_is_changed(node) for node in upgrade.nodes):
        return None
    return BegunUpgrade(upgrade.target, {n.host: n.old for n in upgrade.nodes if n.old})


def abort_upgrade(folder: Path, hosts: Collection[str]) -> bool:
    """Abort an upgrade that is unfinished, as hosts of it were rolled back; not while others of it
    are under way. True where it was aborted. Raises ``StateFileError``."""
    upgrade = _unfinished(folder)
    ours = [node for node in upgrade.nodes if node.host in hosts] if upgrade is not None else []
    if upgrade is None or not ours:
        return False
    for node in ours:
        if node.status in MOVING:
            upgrade = upgrade.with_node(replace(node, status=NodeStatus.ROLLED_BACK, at=""))
    aborted = not any(node.status in MOVING for node in upgrade.nodes)
    if aborted:
        upgrade = replace(upgrade, status=RunStatus.ABORTED)
    state_file.save(folder, upgrade)
    return aborted


def _unfinished(folder: Path) -> Upgrade | None:
    upgrade = state_file.load(folder)
    return None if upgrade is None or upgrade.status in OVER else upgrade


def _is_changed(node: Node) -> bool:
    """True for a real server that may not have the release that it had."""
    changed = MOVING | {NodeStatus.UPGRADED, NodeStatus.FAILED}
    return node.role == "real_server" and node.status in changed
