"""May this batch begin now? Looked at before every batch; nothing is changed."""

from collections.abc import Collection

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade.capacity import forbidding, objections
from provisioning.operations.rolling_upgrade.sight import Sight
from provisioning.operations.rolling_upgrade.state import Node


class PreflightError(ClusterError):
    """It may not; the message says why and what to do."""


def check_batch(sight: Sight, batch: Collection[Node], *, force: bool) -> list[str]:
    """Notes for the operator. Raises ``PreflightError``. Pure."""
    hosts = {node.host for node in batch}
    gone = {host: why for host, why in sight.unreachable.items() if host in hosts}
    if gone:
        raise PreflightError("; ".join(f"{host}: {why}" for host, why in gone.items()))
    # Nodes of other batches that are gone count for nothing below; directors that are gone are
    # faults.
    against = list(sight.faults)
    leaving = {node.host for node in batch if node.role == "real_server" and not node.drained}
    notes = []
    if leaving:
        found = objections(sight, leaving)
        against += [text for text in [forbidding(found)] if text]
        notes = [objection.text for objection in found if not objection.hard]
    if against and not force:
        raise PreflightError(
            "; ".join(against) + "; put that right and --resume, or go on all the same with --force"
        )
    return [*against, *notes]
