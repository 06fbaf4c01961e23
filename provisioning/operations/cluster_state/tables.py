"""The directors' kernel tables, looked at."""

from collections.abc import Iterable

from ...engine.fleet import Fleet
from ...facts.gather import ask, gather
from ...facts.interfaces import INTERFACES, Interfaces
from ...facts.ipvs.table import IPVS_TABLE, NoTableError, TableFormatError, TableService
from ...facts.vip_holder import holders, interfaces_of_any
from ...model.inventory import Inventory
from ...model.resolve import virtual_services
from ...model.runtime import Runtime
from ...roles.wanted_services import WantedService, wanted_services
from ...transport.base import Transport, TransportError

Tables = dict[str, tuple[TableService, ...]]
"""Virtual services in each director's kernel."""

_TIMEOUT = 30.0
TABLE_PATIENCE = 60.0
"""Seconds until Keepalived has made a reload so in the kernel, on a slow host."""


def look_at_tables(directors: Iterable[str], fleet: Fleet) -> Tables:
    """The tables of those directors that are connected and have one; without one, a director
    counts as one that cannot be reached."""

    def look(name: str, transport: Transport) -> tuple[TableService, ...]:
        table = _look(name, transport)
        if isinstance(table, str):
            raise TransportError(f"{name}: no IPVS table: {table}")
        return table

    return fleet.each(directors, look)


def tables_if_any(directors: Iterable[str], fleet: Fleet) -> Tables:
    """As ``look_at_tables``, but a director that has none (yet) stays connected."""
    found = fleet.each(directors, _look)
    return {name: table for name, table in found.items() if not isinstance(table, str)}


def _look(name: str, transport: Transport) -> tuple[TableService, ...] | str:
    """The table, or why there is none."""
    try:
        return ask(name, transport, IPVS_TABLE, timeout=_TIMEOUT)
    except (NoTableError, TableFormatError) as error:
        return str(error)


def holders_of(inventory: Inventory, fleet: Fleet) -> frozenset[str]:
    """The connected directors that hold a VIP."""

    def look(name: str, transport: Transport) -> Interfaces:
        return interfaces_of_any(gather(name, transport, (INTERFACES,), timeout=_TIMEOUT))

    seen = fleet.each(inventory.directors.hosts, look)
    return frozenset(holders(seen, [vip.address.ip for vip in inventory.virtual_ips]))


def weight_of(table: Iterable[TableService], service: WantedService, name: str) -> int | None:
    """The weight that a real server has there; nothing where it is not in the table."""
    for present in table:
        if present.key == service.key:
            for server in present.servers:
                if service.name_of((server.address, server.port)) == name:
                    return server.weight
    return None


def differing(inventory: Inventory, runtime: Runtime, tables: Tables, name: str) -> list[str]:
    """Differences of a real server's weight from the wanted one, in words. A drained one may as
    well be out of the table. Pure."""
    found = []
    for service in wanted_services(inventory, runtime):
        if name not in service.servers or (service.weights_move and name not in service.drained):
            continue
        for director, table in tables.items():
            weight, wanted = weight_of(table, service, name), service.weights[name]
            if weight != wanted and not (weight is None and wanted == 0):
                now = "not in the table" if weight is None else f"weight {weight}"
                found.append(f"{service.endpoint} on {director}: {now} instead of {wanted}")
    return found


def check_time(inventory: Inventory) -> float:
    """Seconds until a health check that was failing is believed to pass, at most: the round under
    way fails with all its tries, the next one comes and passes (keepalived.conf(5), delay_loop)."""
    checks = [service.check for service in virtual_services(inventory)]
    return max(
        (
            one.interval
            + one.timeout
            + one.retry * (one.delay_before_retry + one.timeout)
            + one.warmup
            for one in checks
        ),
        default=0.0,
    )
