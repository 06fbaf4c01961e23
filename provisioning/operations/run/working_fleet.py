"""Connections of a run that changes a cluster: the run holds the cluster, and continues from the
cluster's own record."""

import contextlib
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from ...model.derived.resolve import managed_hosts
from ...model.derived.way_in import way_in, way_in_word
from ...model.inventory import Inventory
from ...model.past_run import PastRun, with_run
from ...transport.base import Transport
from ...transport.locked import LockedTransport
from ..cluster.cluster import Cluster
from ..cluster.fleet import new_fleet
from ..errors import OperationError
from ..state_folder.runtime_state import (
    RuntimeStateError,
    load_record,
    save_record,
    written_by,
)
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
    holds it, with that run in the message, and still does when ``run.waiting`` ends.
    """
    keepers = way_in(cluster.inventory)

    def held() -> tuple[Seats, Fleet]:
        return _held(
            cluster,
            run,
            forks=forks,
            accept_new_host_keys=accept_new_host_keys,
            progress=progress,
            shared=shared,
        )

    seats, fleet = run.waiting.get(held)
    run.seats = seats

    def remembered_on_hosts(record: ClusterRecord) -> ClusterRecord:
        # An empty one is what is left after a cluster was destroyed.
        if record == ClusterRecord():
            seats.keep(record)
            return record
        written = _next(record, run, run.so_far())
        seats.keep(written)
        return written

    def note(text: str) -> None:
        run.journal.write("note", text=text)
        say(text)

    last: PastRun | None = None
    try:
        if away := [name for name in keepers if name not in fleet.transports]:
            seats.hold_also(managed_hosts(cluster.inventory))
            note(
                f"{', '.join(away)}: cannot be reached, so every host that is touched is locked "
                "instead"
            )
        _take_over(cluster, seats, note)
        try:
            with written_by(cluster.state_dir, remembered_on_hosts):
                yield fleet
        except BaseException as error:
            last = run.ended(error)
            raise
        last = run.ended(None)
    finally:
        _let_go(cluster, run, seats, last)
        fleet.close()


def _held(
    cluster: Cluster,
    run: Run,
    *,
    forks: int | None,
    accept_new_host_keys: bool,
    progress: Progress,
    shared: bool,
) -> tuple[Seats, Fleet]:
    """Connect to the hosts that remember the cluster, and hold them, or none of them."""
    keepers = way_in(cluster.inventory)
    seats = Seats(f"{run.holder} (process {os.getpid()}, since {run.begun})", keepers)

    def wrap(name: str, transport: Transport) -> Transport:
        return seats.guard(name, LockedTransport(transport) if shared else transport)

    fleet = new_fleet(
        cluster,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        wrap=wrap,
    )
    try:
        fleet.connect(keepers)
    except BaseException:
        seats.close()
        fleet.close()
        raise
    return seats, fleet


def _let_go(cluster: Cluster, run: Run, seats: Seats, last: PastRun | None) -> None:
    """Let the hosts go, with the run's end in the cluster's history if it began."""
    record = ClusterRecord()
    with contextlib.suppress(RuntimeStateError):
        record = load_record(cluster.state_dir)
    if last is not None and record.serial:
        record = _next(record, run, last)
        if seats.close(record):
            # A folder never knows of a version that no host has: another run may write its own.
            save_record(cluster.state_dir, record)
    else:
        seats.close()


def _next(record: ClusterRecord, run: Run, entry: PastRun) -> ClusterRecord:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    history = with_run(record.history, entry)
    return later(replace(record, history=history), run.holder, now)


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
    return [*_upgrade_elsewhere(record, cluster), *_maintenance(record), *_rotation(record)]


def _rotation(record: ClusterRecord) -> list[str]:
    found = record.rotation
    return [f"{found}; `cluster rotate secret` continues it"] if found else []


def _maintenance(record: ClusterRecord) -> list[str]:
    found = record.maintenance
    return [f"{found}; `cluster maintain --resume` continues it"] if found else []


def _upgrade_elsewhere(record: ClusterRecord, cluster: Cluster) -> list[str]:
    here = record.upgrade is not None and record.upgrade.where == whereabouts(cluster)
    if record.upgrade is None or here:
        return []
    if record.upgrade.state is None:
        return [f"{record.upgrade}; continue there (`cluster rolling-upgrade --resume`)"]
    return [f"{record.upgrade}; `cluster rolling-upgrade --resume` continues it"]


def whereabouts(cluster: Cluster) -> str:
    """Name machine and folder of a state."""
    return f"{platform.node()}:{cluster.state_dir}"


def _take_over(cluster: Cluster, seats: Seats, say: Say) -> None:
    ours = load_record(cluster.state_dir)
    record, told = agreed(ours, records(cluster.inventory, seats.found))
    if record != ours:
        save_record(cluster.state_dir, record)
    for line in (*told, *tell_of(record, cluster)):
        say(line)
    seats.record = record
    if any(seats.found.get(name) != to_text(record) for name in seats.held) and record.serial:
        seats.keep(record)
