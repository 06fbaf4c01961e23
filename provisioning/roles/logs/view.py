"""Status of a log host, as ``cluster status`` shows it. Pure."""

from collections.abc import Iterator
from dataclasses import asdict

from ...facts.fact import Answers, View
from ...facts.lan.interfaces import INTERFACES
from ...facts.log_store import LogStore, log_store
from ...model.derived.resolve import managed_hosts
from ...model.inventory import Inventory
from ...model.watching.logs import Logs
from ..host_status import Cell, HostStatus

_SILENT = 300.0
"""Seconds: ten heartbeats."""
_FREE = 0.1
_AGAIN = 120.0
"""Seconds for which an output may be away: a restart there is nobody's trouble."""
_GIB = 1 << 30


def log_host_view(inventory: Inventory, name: str) -> View[HostStatus]:
    """Facts of the log host, and what follows from them."""
    logs = inventory.logs
    assert logs is not None
    fact = log_store(str(logs.hosts[name].address), logs.port)
    expected = managed_hosts(inventory)

    def combine(seen: Answers) -> HostStatus:
        # A host whose addresses cannot be told counts as not seen, whatever its role.
        _ = seen[INTERFACES]
        store = seen[fact]
        silent = [one for one in expected if store.heard.get(one, _SILENT + 1) > _SILENT]
        record = {
            "takes_lines": not store.problem,
            "bytes": store.kept,
            "free": store.free,
            "size": store.size,
            "oldest": store.oldest or None,
            "seconds_since_heard": dict(store.heard),
            "silent": silent,
            "outputs": {name: asdict(one) for name, one in store.outputs.items()},
        }
        cells = _cells(store, len(expected), len(silent))
        faults = (*_faults(name, store, silent), *_of_outputs(name, logs, store))
        return HostStatus(record, cells, faults)

    return View((INTERFACES, fact), combine)


def _cells(store: LogStore, expected: int, silent: int) -> dict[str, Cell]:
    return {
        "service": Cell("takes lines" if not store.problem else "silent", good=not store.problem),
        "hosts heard": Cell(f"{expected - silent} of {expected}", good=not silent),
        "kept": Cell(f"{store.kept / _GIB:.1f} GiB"),
        "since": Cell(store.oldest.replace("T", " ") or "nothing", good=bool(store.oldest)),
        "disk free": Cell(f"{store.free / _GIB:.1f} GiB", good=not _full(store)),
    }


def _full(store: LogStore) -> bool:
    return store.free < _FREE * store.size


def _faults(name: str, store: LogStore, silent: list[str]) -> Iterator[tuple[str, str]]:
    if store.problem:
        yield (
            f"it does not take logs: {store.problem}",
            f"`cluster logs {name}` says why; `cluster deploy` starts it. Hosts keep their lines"
            " meanwhile",
        )
    elif silent:
        yield (
            f"has heard nothing for five minutes from {', '.join(silent)}",
            f"`cluster logs {silent[0]}` has what its cosyvoice-log-shipper says; `cluster deploy`"
            " starts it",
        )
    if _full(store):
        yield (
            "its disk is almost full",
            "make room, or lower logs.keep_gib or logs.keep_days and `cluster deploy`",
        )


def _of_outputs(name: str, logs: Logs, store: LogStore) -> Iterator[tuple[str, str]]:
    for output in logs.outputs:
        if (said := store.outputs.get(output.name)) and said.problem and said.since > _AGAIN:
            yield (
                f"its output {output.name} has taken no lines for {said.since / 60:.0f} minutes:"
                f" {said.problem}",
                f"look at the server, or correct logs.outputs and `cluster deploy`; `cluster logs"
                f" {name}` has more. Lines wait for logs.keep_days",
            )
