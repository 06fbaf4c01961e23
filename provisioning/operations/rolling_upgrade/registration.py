"""Registration of an upgrade under way in the cluster's record: with the folder that has its
state, as it can be resumed from that folder alone."""

from dataclasses import replace

from provisioning.model.cluster_record import UnfinishedUpgrade
from provisioning.operations.rolling_upgrade.planning import UpgradeConflictError
from provisioning.operations.rolling_upgrade.state import RunStatus, Upgrade
from provisioning.operations.runtime_state import load_record, write
from provisioning.operations.session import Site
from provisioning.operations.working_fleet import whereabouts

_OVER = (RunStatus.FINISHED, RunStatus.ABORTED)


def registered_elsewhere(site: Site) -> UnfinishedUpgrade | None:
    """Find an unfinished upgrade whose state lies in another folder."""
    upgrade = load_record(site.state_dir).upgrade
    return upgrade if upgrade and upgrade.where != whereabouts(site) else None


def require_none_elsewhere(site: Site) -> None:
    """Raise ``UpgradeConflictError`` where one was begun in another folder."""
    if upgrade := registered_elsewhere(site):
        raise UpgradeConflictError(
            f"{upgrade}; continue there (--resume), or end it there (--abort). If that folder is "
            "gone, --abort here forgets it"
        )


def register(site: Site, upgrade: Upgrade) -> None:
    """Register an upgrade until it ends."""
    now = UnfinishedUpgrade(upgrade.id, upgrade.target, whereabouts(site))
    record = load_record(site.state_dir)
    if record.upgrade != now:
        write(site.state_dir, replace(record, upgrade=now))


def unregister_if_over(site: Site, upgrade: Upgrade) -> None:
    """Unregister an upgrade that cannot be resumed any more."""
    if upgrade.status in _OVER:
        unregister(site)


def unregister(site: Site) -> None:
    """Forget the registered upgrade."""
    record = load_record(site.state_dir)
    if record.upgrade is not None:
        write(site.state_dir, replace(record, upgrade=None))
