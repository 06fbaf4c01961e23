"""That an upgrade is under way, and where its state lies, is remembered by the cluster: it is gone
on with from that folder alone."""

from dataclasses import replace

from provisioning.model.cluster_record import UnfinishedUpgrade
from provisioning.operations.rolling_upgrade.preparing import NotNowError
from provisioning.operations.rolling_upgrade.state import RunStatus, Upgrade
from provisioning.operations.runtime_state import load_record, write
from provisioning.operations.session import Site
from provisioning.operations.working_fleet import whereabouts

_OVER = (RunStatus.FINISHED, RunStatus.ABORTED)


def elsewhere(site: Site) -> UnfinishedUpgrade | None:
    """An unfinished one that another folder has."""
    upgrade = load_record(site.state_dir).upgrade
    return upgrade if upgrade and upgrade.where != whereabouts(site) else None


def require_none_elsewhere(site: Site) -> None:
    """Raises ``NotNowError`` where one was begun in another folder."""
    if upgrade := elsewhere(site):
        raise NotNowError(
            f"{upgrade}; go on with it there (--resume), or end it there (--abort). If that folder "
            "is gone, --abort here gives up what is known of it"
        )


def under_way(site: Site, upgrade: Upgrade) -> None:
    """From now on, until it has ended."""
    now = UnfinishedUpgrade(upgrade.id, upgrade.target, whereabouts(site))
    record = load_record(site.state_dir)
    if record.upgrade != now:
        write(site.state_dir, replace(record, upgrade=now))


def ended(site: Site, upgrade: Upgrade) -> None:
    """Nothing is left to go on with, where that is so."""
    if upgrade.status in _OVER:
        forgotten(site)


def forgotten(site: Site) -> None:
    """Nobody goes on with it."""
    record = load_record(site.state_dir)
    if record.upgrade is not None:
        write(site.state_dir, replace(record, upgrade=None))
