"""Connections of a run that changes a cluster: the run holds the cluster, and continues from the
cluster's own record."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ...engine.fleet import Fleet
from ...engine.progress import Progress, silent
from ...engine.seat import RECORD
from ...model.agreeing import agreed
from ...model.cluster_record import (
    ClusterRecord,
    RecordFormatError,
    from_text,
    later,
    to_text,
)
from ...model.inventory import Inventory
from ...model.resolve import managed_hosts
from ...model.way_in import way_in, way_in_word
from ...transport.base import Transport
from ...transport.locked import LockedTransport
from ..cluster.cluster import Cluster
from ..cluster.fleet import new_fleet
from ..errors import OperationError
from ..rolling_upgrade import state_file
from ..state_folder.runtime_state import load_record, save_record, written_by
from .run import Run
from .seats import Seats

Say = Callable[[str], None]


@contextmanager
def working_fleet(
    cluster: Cluster,
    run: Run,
    say: Say,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    shared: bool = False,
) -> Iterator[Fleet]:
    """As ``open_fleet``, with the cluster held from before the first observation to the end of
    the block.

    Facts that this folder did not know are taken over and reported to ``say``. ``shared``
    connections may be used by several threads. Raises ``LockedError`` where another run
    holds it, with that run in the message.
    """
    keepers = way_in(cluster.inventory)
    run.seats = seats = Seats(f"{run.holder} (since {run.begun})", keepers)

    def wrap(name: str, transport: Transport) -> Transport:
        return seats.guard(name, LockedTransport(transport) if shared else transport)

    fleet = new_fleet(
        cluster,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        wrap=wrap,
    )

    def remembered_on_hosts(record: ClusterRecord) -> ClusterRecord:
        # An empty one is what is left after a cluster was destroyed.
        written = later(record, run.holder, _now()) if record != ClusterRecord() else record
        seats.keep(written)
        return written

    def note(text: str) -> None:
        run.journal.write("note", text=text)
        say(text)

    try:
        fleet.connect(keepers)
        if away := [name for name in keepers if name not in fleet.transports]:
            seats.hold_also(managed_hosts(cluster.inventory))
            note(
                f"{', '.join(away)}: cannot be reached, so every host that is touched is locked "
                "instead"
            )
        _take_over(cluster, seats, note)
        with written_by(cluster.state_dir, remembered_on_hosts):
            yield fleet
    finally:
        seats.close()
        fleet.close()


def records(inventory: Inventory, texts: dict[str, str]) -> dict[str, ClusterRecord]:
    """Parse the records of directors, or of edges alone, by name. Raises ``OperationError``."""
    found = {}
    for name in way_in(inventory):
        if not texts.get(name):
            continue
        try:
            found[name] = from_text(texts[name])
        except RecordFormatError as error:
            raise OperationError(
                f"{name}: {RECORD}: {error}; use the version that wrote it, or move the file away "
                f"where another {way_in_word(inventory)} has it"
            ) from None
    return found


def tell_of(record: ClusterRecord, cluster: Cluster) -> list[str]:
    """List what an operator should know of a record before anything else."""
    here = record.upgrade is not None and record.upgrade.where == whereabouts(cluster)
    if record.upgrade is None or here:
        return []
    if record.upgrade.state is None:
        return [f"{record.upgrade}; continue there (`cluster rolling-upgrade --resume`)"]
    return [f"{record.upgrade}; `cluster rolling-upgrade --resume` continues it"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def whereabouts(cluster: Cluster) -> str:
    """Name machine and folder of a state."""
    return f"{platform.node()}:{cluster.state_dir}"


def _take_over(cluster: Cluster, seats: Seats, say: Say) -> None:
    ours = load_record(cluster.state_dir)
    record, told = agreed(ours, records(cluster.inventory, seats.found))
    if record != ours:
        save_record(cluster.state_dir, record)
    ended = state_file.take_over(cluster.state_dir, record)
    for line in (*told, *tell_of(record, cluster), *([ended] if ended else ())):
        say(line)
    seats.record = record
    if any(seats.found.get(name) != to_text(record) for name in seats.held) and record.serial:
        seats.keep(record)
