"""State of a maintenance in the cluster's record, from which any folder goes on; and the request to
pause it, which lies in the state folder alone."""

from dataclasses import replace
from pathlib import Path

from ...errors import ClusterError
from ...model.cluster_record import ClusterRecord, UnfinishedMaintenance
from ..cluster.cluster import Cluster
from ..rolling.pause import PauseRequest
from ..rolling.run_status import OVER
from ..run.working_fleet import whereabouts
from ..state_folder.runtime_state import change, load_record
from .state import (
    MOVING,
    Maintenance,
    MaintenanceFormatError,
    from_record,
    to_record,
)


class MaintenanceConflictError(ClusterError):
    """No maintenance can begin or continue; the message says why and what to do."""


def save(cluster: Cluster, state: Maintenance) -> None:
    """Have the cluster remember the state, on its hosts first; one that is over is forgotten.
    Raises ``RuntimeStateError``, and ``TransportError`` where no host can be told."""

    def told(record: ClusterRecord) -> ClusterRecord:
        if state.status in OVER:
            return replace(record, maintenance=None)
        found = UnfinishedMaintenance(
            state.id, str(state.work), whereabouts(cluster), to_record(state)
        )
        return replace(record, maintenance=found)

    change(cluster.state_dir, told)


def load(cluster: Cluster) -> Maintenance | None:
    """Read the unfinished maintenance; None where there is none. Raises ``RuntimeStateError`` and
    ``MaintenanceConflictError``."""
    found = load_record(cluster.state_dir).maintenance
    if found is None:
        return None
    try:
        return from_record(found.state)
    except MaintenanceFormatError as error:
        raise MaintenanceConflictError(
            f"{found}: {error}; finish it with the version that began it"
        ) from None


def require_unfinished(cluster: Cluster) -> Maintenance:
    """Read the maintenance to go on with. Raises ``MaintenanceConflictError``."""
    saved = load(cluster)
    if saved is None:
        raise MaintenanceConflictError(
            "no maintenance is unfinished; begin one without --resume or --abort"
        )
    return saved


def require_new(cluster: Cluster) -> None:
    """Raise ``MaintenanceConflictError`` where an earlier run left a host under way."""
    saved = load(cluster)
    if saved is None:
        return
    if moving := [host.host for host in saved.hosts if host.status in MOVING]:
        raise MaintenanceConflictError(
            f"a maintenance ({saved.work}) was cut with {', '.join(moving)} under way; --resume "
            "continues, --abort puts them back and ends it"
        )


def pause_request(folder: Path) -> PauseRequest:
    """The request to pause a maintenance."""
    return PauseRequest(folder, "maintain")
