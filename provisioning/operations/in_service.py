"""Waits until the directors send to real servers that came back."""

import time
from collections.abc import Iterable

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Event, Progress
from provisioning.facts.app_status import app_status
from provisioning.facts.gather import ask
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.session import Site
from provisioning.operations.tables import (
    TABLE_PATIENCE,
    check_time,
    differing,
    tables_if_any,
)
from provisioning.transport.base import Transport

_START_PATIENCE = 240.0
"""Seconds that an app may take to its start, such as after its host's."""
_LOOK_EVERY = 0.5
_LOOK_TIMEOUT = 30.0


def await_in_service(
    inventory: Inventory,
    runtime: Runtime,
    fleet: Fleet,
    names: Iterable[str],
    directors: Iterable[str],
    *,
    progress: Progress,
) -> list[str]:
    """Waits until the kernels of the connected ``directors`` give real servers the weights that
    they should have; what they still lack in the end, in words.

    A node that is ready gets the time that the health checks need to see it, one that is not the
    time of a start. A director without a table is not waited for.
    """
    names, directors = list(names), list(directors)
    began = time.monotonic()
    checks = check_time(inventory) + TABLE_PATIENCE
    ready_since: dict[str, float] = {}
    while True:
        tables = tables_if_any(directors, fleet)
        found = {name: differing(inventory, runtime, tables, name) for name in names}
        missing = {name: said for name, said in found.items() if said}
        if not missing:
            return []
        why = _not_ready(inventory, fleet, missing)
        now = time.monotonic()
        for name in missing:
            if why[name]:
                ready_since.pop(name, None)
            else:
                ready_since.setdefault(name, now)
        waiting = [
            name
            for name in missing
            if now
            < (ready_since[name] + checks if name in ready_since else began + _START_PATIENCE)
        ]
        if not waiting:
            return [f"{name}: {'; '.join(said)}" for name, said in missing.items()]
        for name in waiting:
            detail = why[name] or "; ".join(missing[name])
            progress(Event("waiting", name, "the directors to send to it", detail=detail))
        time.sleep(_LOOK_EVERY)


def await_everybody(
    site: Site, fleet: Fleet, names: Iterable[str], *, progress: Progress
) -> list[str]:
    """Waits until those of ``names`` that are real servers and not drained get clients from every
    connected director; what is still lacking in the end, in words."""
    inventory, runtime = site.inventory, site.runtime
    servers = [n for n in names if n in inventory.real_servers.hosts and n not in runtime.drains]
    directors = inventory.directors.hosts
    return await_in_service(inventory, runtime, fleet, servers, directors, progress=progress)


def _not_ready(inventory: Inventory, fleet: Fleet, names: Iterable[str]) -> dict[str, str]:
    """What each app says is in its way; empty where nothing is, or it cannot be asked."""

    def look(name: str, transport: Transport) -> str:
        question = app_status(inventory, name)
        return ask(name, transport, question, timeout=_LOOK_TIMEOUT).not_ready

    names = list(names)
    said = fleet.each(names, look)
    return {name: said.get(name, "") for name in names}
