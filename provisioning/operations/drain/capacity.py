"""Capacity of the cluster without some of its real servers. Pure."""

from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...roles.wanted_services import way_in_services
from ..cluster_state.tables import Tables
from ..errors import OperationError
from ..operation import Operation
from .director_change import DirectorChange
from .weights import weight_of


def lacking_without(
    inventory: Inventory, runtime: Runtime, tables: Tables, names: frozenset[str]
) -> list[str]:
    """Say in words what would be too little if the real servers ``names`` took no new work.

    Those count that the directors' kernels, or edges alone, send to now and that are not drained;
    of each service their weights must make up its quorum.
    """
    found = []
    for service in way_in_services(inventory, runtime):
        if not names & service.servers.keys():
            continue
        for director, table in tables.items():
            left = {
                other: weight
                for other in service.servers.keys() - names - service.drained
                if (weight := weight_of(table, service, other))
            }
            where = f"{service.endpoint} on {director}"
            if not left:
                found.append(f"no other real server of {where} is healthy")
            elif sum(left.values()) < service.service.quorum:
                found.append(
                    f"{where} would keep {', '.join(sorted(left))} of weight {sum(left.values())}, "
                    f"below its quorum of {service.service.quorum}"
                )
    return found


def never_without(inventory: Inventory, name: str) -> list[str]:
    """Services that cannot do without a real server, however healthy all others are."""
    found = []
    for service in way_in_services(inventory, Runtime()):
        left = [weight for other, weight in service.weights.items() if other != name]
        if name in service.servers and (not any(left) or sum(left) < service.service.quorum):
            found.append(service.endpoint)
    return found


def require_capacity(op: Operation, change: DirectorChange, name: str, *, force: bool) -> None:
    """Raise ``OperationError`` where the cluster cannot do without a real server, as the directors
    were before the change, or where one of them told nothing."""
    if problems := [*change.silent, *change.seen.lacking.values()]:
        raise OperationError(problems[0])
    tables, runtime = change.seen.tables, op.cluster.runtime
    lacking = lacking_without(op.cluster.inventory, runtime, tables, frozenset({name}))
    if lacking and not force:
        raise OperationError(f"{name} is needed: {'; '.join(lacking)}. --force drains it anyway")
