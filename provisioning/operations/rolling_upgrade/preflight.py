"""Checks before every batch; they change nothing."""

from collections.abc import Collection

from ...errors import ClusterError
from .capacity import forbidding, objections
from .snapshot import ClusterSnapshot
from .state import Node


class PreflightError(ClusterError):
    """The batch must not begin; the message says why and what to do."""


def check_batch(
    snapshot: ClusterSnapshot,
    batch: Collection[Node],
    *,
    force: bool,
    going: Collection[str] = (),
) -> list[str]:
    """Check a batch, beside hosts that are on their way out (``going``); return notes for the
    operator. Raises ``PreflightError``. Pure."""
    hosts = {node.host for node in batch}
    gone = {host: why for host, why in snapshot.unreachable.items() if host in hosts}
    if gone:
        raise PreflightError("; ".join(f"{host}: {why}" for host, why in gone.items()))
    # Nodes of other batches that are gone count for nothing below; directors that are gone are
    # faults.
    against = list(snapshot.faults)
    # A worker whose card is gone does not start again.
    against += [
        f"{host}: {text}"
        for host in sorted(hosts & snapshot.nodes.keys())
        for text in snapshot.nodes[host].lacking
    ]
    leaving = {node.host for node in batch if node.role == "real_server" and not node.drained}
    notes = []
    if leaving:
        found = objections(snapshot, leaving | {*going})
        against += [text for text in [forbidding(found)] if text]
        notes = [objection.text for objection in found if not objection.hard]
    if against and not force:
        raise PreflightError(
            "; ".join(against) + "; mend that and --resume, or continue regardless with --force"
        )
    return [*against, *notes]
