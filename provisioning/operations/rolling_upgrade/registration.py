"""Registration of an upgrade under way in the cluster's record: with the folder that has its
state, as it can be resumed from that folder alone."""

from dataclasses import replace

from ...model.cluster_record import UnfinishedUpgrade
from ..cluster.cluster import Cluster
from ..run.working_fleet import whereabouts
from ..state_folder.runtime_state import change, load_record
from .planning import UpgradeConflictError
from .state import RunStatus, Upgrade

_OVER = (RunStatus.FINISHED, RunStatus.ABORTED)


def registered_elsewhere(cluster: Cluster) -> UnfinishedUpgrade | None:
    """Find an unfinished upgrade whose state lies in another folder."""
    upgrade = load_record(cluster.state_dir).upgrade
    return upgrade if upgrade and upgrade.where != whereabouts(cluster) else None


def require_none_elsewhere(cluster: Cluster) -> None:
    """Raise ``UpgradeConflictError`` where one was begun in another folder."""
    if upgrade := registered_elsewhere(cluster):
        raise UpgradeConflictError(
            f"{upgrade}; continue there (--resume), or end it there (--abort). If that folder is "
            "gone, --abort here forgets it"
        )


def register(cluster: Cluster, upgrade: Upgrade) -> None:
    """Register an upgrade until it ends."""
    now = UnfinishedUpgrade(upgrade.id, upgrade.target, whereabouts(cluster))
    change(cluster.state_dir, lambda record: replace(record, upgrade=now))


def unregister_if_over(cluster: Cluster, upgrade: Upgrade) -> None:
    """Unregister an upgrade that cannot be resumed any more."""
    if upgrade.status in _OVER:
        unregister(cluster)


def unregister(cluster: Cluster) -> None:
    """Forget the registered upgrade."""
    change(cluster.state_dir, lambda record: replace(record, upgrade=None))
