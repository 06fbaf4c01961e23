"""Connections of a run that changes a cluster: the run holds the cluster, and continues from the
cluster's own record."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Progress, silent
from provisioning.engine.seat import RECORD
from provisioning.model.cluster_record import (
    ClusterRecord,
    RecordFormatError,
    agreed,
    from_text,
    later,
    to_text,
)
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import managed_hosts
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.runtime_state import load_record, save_record, written_by
from provisioning.operations.seats import Seats
from provisioning.operations.session import Site, new_fleet
from provisioning.transport.base import Transport
from provisioning.transport.locked import LockedTransport

Say = Callable[[str], None]


@contextmanager
def working_fleet(
    site: Site,
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
    directors = list(site.inventory.directors.hosts)
    run.seats = seats = Seats(f"{run.holder} (since {run.begun})", directors)

    def wrap(name: str, transport: Transport) -> Transport:
        return seats.guard(name, LockedTransport(transport) if shared else transport)

    fleet = new_fleet(
        site,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        wrap=wrap,
    )

    def remembered_on_hosts(record: ClusterRecord) -> ClusterRecord:
        # An empty one is what is left after a cluster was destroyed.
        written = later(record, run.holder) if record != ClusterRecord() else record
        seats.keep(written)
        return written

    def note(text: str) -> None:
        run.journal.write("note", text=text)
        say(text)

    try:
        fleet.connect(directors)
        if away := [name for name in directors if name not in fleet.transports]:
            seats.hold_also(managed_hosts(site.inventory))
            note(
                f"{', '.join(away)}: cannot be reached, so every host that is touched is locked "
                "instead"
            )
        _take_over(site, seats, note)
        with written_by(site.state_dir, remembered_on_hosts):
            yield fleet
    finally:
        seats.close()
        fleet.close()


def records(inventory: Inventory, texts: dict[str, str]) -> dict[str, ClusterRecord]:
    """Parse the records of directors, by name. Raises ``OperationError``."""
    found = {}
    for name in inventory.directors.hosts:
        if not texts.get(name):
            continue
        try:
            found[name] = from_text(texts[name])
        except RecordFormatError as error:
            raise OperationError(
                f"{name}: {RECORD}: {error}; use the version that wrote it, or move the file away "
                "where another director has it"
            ) from None
    return found


def tell_of(record: ClusterRecord, site: Site) -> list[str]:
    """List what an operator should know of a record before anything else."""
    here = record.upgrade is not None and record.upgrade.where == whereabouts(site)
    if record.upgrade is None or here:
        return []
    return [f"{record.upgrade}; continue there (`cluster rolling-upgrade --resume`)"]


def whereabouts(site: Site) -> str:
    """Name machine and folder of a state."""
    return f"{platform.node()}:{site.state_dir}"


def _take_over(site: Site, seats: Seats, say: Say) -> None:
    ours = load_record(site.state_dir)
    record, told = agreed(ours, records(site.inventory, seats.found))
    for line in (*told, *tell_of(record, site)):
        say(line)
    if record != ours:
        save_record(site.state_dir, record)
    seats.record = record
    if any(seats.found.get(name) != to_text(record) for name in seats.held) and record.serial:
        seats.keep(record)
