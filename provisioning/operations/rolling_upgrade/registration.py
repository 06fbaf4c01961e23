"""Registration of an upgrade under way in the cluster's record, with all that it takes to resume
it: until it ends no other one begins, and any machine may go on with it."""

from dataclasses import replace

from ...model.cluster_record import UnfinishedUpgrade
from ..cluster.cluster import Cluster
from ..run.working_fleet import whereabouts
from ..state_folder.runtime_state import change, load_record
from .planning import UpgradeConflictError
from .state import Upgrade, to_record


def registered_elsewhere(cluster: Cluster) -> UnfinishedUpgrade | None:
    """Find an unfinished upgrade that was last driven from another folder."""
    upgrade = load_record(cluster.state_dir).upgrade
    return upgrade if upgrade and upgrade.where != whereabouts(cluster) else None


def require_none_elsewhere(cluster: Cluster) -> None:
    """Raise ``UpgradeConflictError`` where one was begun in another folder."""
    if upgrade := registered_elsewhere(cluster):
        if upgrade.state is not None:
            raise UpgradeConflictError(f"{upgrade}; --resume continues it here, --abort ends it")
        raise UpgradeConflictError(
            f"{upgrade}; continue there (--resume), or end it there (--abort). If that folder is "
            "gone, --abort here forgets it"
        )


def register(cluster: Cluster, upgrade: Upgrade) -> None:
    """Register an upgrade until it ends, as driven from this folder."""
    state = to_record(upgrade)
    now = UnfinishedUpgrade(upgrade.id, upgrade.target, whereabouts(cluster), state)
    change(cluster.state_dir, lambda record: replace(record, upgrade=now))


def unregister(cluster: Cluster) -> None:
    """Forget the registered upgrade."""
    change(cluster.state_dir, lambda record: replace(record, upgrade=None))
