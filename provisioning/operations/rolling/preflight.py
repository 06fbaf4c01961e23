"""Checks before every batch; they change nothing."""

from collections.abc import Collection
from typing import Protocol

from .capacity import forbidding, objections
from .errors import PreflightError
from .snapshot import ClusterSnapshot


class Candidate(Protocol):
    """A host that a batch begins with."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def leaves(self) -> bool:
        """True for a real server that clients lose by it."""


def check_batch(
    snapshot: ClusterSnapshot,
    batch: Collection[Candidate],
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
    leaving = {node.host for node in batch if node.leaves}
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
