"""Wait until the directors, or edges alone, send to real servers that came back."""

import time
from collections.abc import Iterable

from ...engine.fleet import Fleet
from ...engine.progress import Event
from ...facts.app.status import app_status
from ...facts.gather import ask
from ...model.derived.engine_needs import start_patience
from ...model.derived.way_in import way_in, way_in_word
from ...model.inventory import Inventory
from ...transport.base import Transport
from ..cluster_state.tables import tables_if_any
from ..operation import Operation
from .weights import TABLE_PATIENCE, check_time, differing

_START_PATIENCE = 240.0
"""Seconds that an app may take to start, such as after its host's boot."""
_LOOK_EVERY = 0.5
_LOOK_TIMEOUT = 30.0


def await_in_service(op: Operation, names: Iterable[str], directors: Iterable[str]) -> list[str]:
    """Wait until the kernels of the connected ``directors`` give real servers their desired
    weights; return in words what is still lacking in the end.

    A node that is ready gets the time that the health checks need to see it, one that is not the
    time of a start. A director without a table is not waited for.
    """
    names, directors = list(names), list(directors)
    inventory, runtime = op.cluster.inventory, op.cluster.runtime
    began, patience = time.monotonic(), start_patience(inventory, _START_PATIENCE)
    checks = check_time(inventory) + TABLE_PATIENCE
    ready_since: dict[str, float] = {}
    word = way_in_word(inventory)
    while True:
        tables = tables_if_any(inventory, directors, op.fleet)
        found = {name: differing(inventory, runtime, tables, name) for name in names}
        missing = {name: said for name, said in found.items() if said}
        if not missing:
            return []
        why = _not_ready(inventory, op.fleet, missing)
        now = time.monotonic()
        for name in missing:
            if why[name]:
                ready_since.pop(name, None)
            else:
                ready_since.setdefault(name, now)
        waiting = [
            name
            for name in missing
            if now < (ready_since[name] + checks if name in ready_since else began + patience)
        ]
        if not waiting:
            return [f"{name}: {'; '.join(said)}" for name, said in missing.items()]
        for name in waiting:
            detail = why[name] or "; ".join(missing[name])
            op.progress(Event("waiting", name, f"the {word}s to send to it", detail=detail))
        time.sleep(_LOOK_EVERY)


def await_everybody(op: Operation, names: Iterable[str]) -> list[str]:
    """Wait until those of ``names`` that are real servers and not drained get clients from every
    connected director, or edge where these are alone; return in words what is still lacking in the
    end."""
    inventory, runtime = op.cluster.inventory, op.cluster.runtime
    servers = [n for n in names if n in inventory.real_servers.hosts and n not in runtime.drains]
    return await_in_service(op, servers, way_in(inventory))


def _not_ready(inventory: Inventory, fleet: Fleet, names: Iterable[str]) -> dict[str, str]:
    """Reasons of apps that are not ready; empty for one that is, or cannot be asked."""

    def look(name: str, transport: Transport) -> str:
        question = app_status(inventory, name)
        return ask(name, transport, question, timeout=_LOOK_TIMEOUT).not_ready

    names = list(names)
    said = fleet.each(names, look)
    return {name: said.get(name, "") for name in names}
