"""Weights of real servers in directors' kernels beside the wanted ones, and the wait for them."""

import time
from collections.abc import Iterable

from ...engine.progress import Event
from ...facts.ipvs.table import TableService
from ...model.derived.resolve import virtual_services
from ...model.derived.way_in import way_in_word
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...places import EDGE_SERVICE
from ...roles.wanted_services import WantedService, way_in_services
from ..cluster_state.tables import Tables, look_at_tables
from ..errors import OperationError
from ..operation import Operation

TABLE_PATIENCE = 60.0
"""Seconds until Keepalived has made a reload so in the kernel, on a slow host."""


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
    for service in way_in_services(inventory, runtime):
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


def await_weight(
    op: Operation, runtime: Runtime, name: str, directors: list[str], patience: float
) -> None:
    """Wait until a real server has its weight in every one of the directors' kernels. Raises
    ``OperationError`` with what still differs after ``patience`` seconds."""
    end = time.monotonic() + patience
    while True:
        tables = look_at_tables(op.cluster.inventory, directors, op.fleet)
        left = differing(op.cluster.inventory, runtime, tables, name)
        left += [str(op.fleet.errors[one]) for one in directors if one not in tables]
        if not left:
            return
        if time.monotonic() >= end:
            edge = way_in_word(op.cluster.inventory) == "edge"
            log = f"{EDGE_SERVICE}'s log" if edge else "Keepalived's log"
            raise OperationError(
                f"{name}: not within {patience:g} s: {'; '.join(left)}. See {log} there, and "
                "do this again"
            )
        op.progress(Event("waiting", name, "its weight to be in effect", detail="; ".join(left)))
        time.sleep(0.5)
