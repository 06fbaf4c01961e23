"""What a real server still has to do before nobody would notice that it goes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Event, Progress
from provisioning.facts.app_status import AppAnswer, app_status
from provisioning.facts.gather import ask
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.tables import Tables, holders_of, look_at_tables
from provisioning.roles.wanted_services import wanted_services
from provisioning.transport.base import Transport

_TIMEOUT = 20.0
_SETTLED = 2
"""Looks in a row that must find nothing: a client may be between two requests."""


@dataclass(frozen=True, slots=True)
class NodeWork:
    """What is left at one time."""

    running: int = 0
    """Jobs at work."""
    waiting: int = 0
    """Jobs in line."""
    connections: int = 0
    """Established connections that the director holding the VIP has to it (ActiveConn): streams,
    uploads, open pages."""
    answers: int | None = None
    """Requests under way: of the connections those that are not just kept open, as pages keep
    them; nothing where the app does not tell."""
    unknown: str = ""
    """Why jobs or connections could not be counted; empty where they were."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left."""
        return not (self.running or self.waiting or self.connections or self.unknown)

    @property
    def cuttable(self) -> bool:
        """Whether nobody would notice if it went now: open pages connect again."""
        if self.unknown or self.running or self.waiting:
            return False
        return not (self.connections if self.answers is None else self.answers)

    def __str__(self) -> str:
        counts = {
            "jobs running": self.running,
            "jobs waiting": self.waiting,
            "open connections": self.connections,
        }
        found = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join([*found, *([self.unknown] if self.unknown else [])]) or "nothing"


def look_at_work(inventory: Inventory, fleet: Fleet, name: str) -> NodeWork:
    """What is left on a real server now; one round trip to it and to each director."""
    question = app_status(inventory, name)

    def look(host: str, transport: Transport) -> AppAnswer:
        return ask(host, transport, question, timeout=_TIMEOUT)

    fleet.connect([name, *inventory.directors.hosts])
    seen = fleet.each([name], look)
    tables = look_at_tables(inventory.directors.hosts, fleet)
    # The backup knows of connections that it was told of, and not at once how they ended.
    masters = holders_of(inventory, fleet) & tables.keys()
    counted = {master: tables[master] for master in masters} or tables
    connections = active_connections(inventory, counted, name)
    if name not in seen:
        return NodeWork(connections=connections, unknown=str(fleet.errors.get(name, name)))
    app, answer = seen[name].status, seen[name]
    if app is None:
        # A process that is not there has no jobs; one that does not answer may have.
        unknown = "" if answer.down else f"the app does not say what it does ({answer.problem})"
        return NodeWork(connections=connections, answers=None if unknown else 0, unknown=unknown)
    return NodeWork(app.running, app.waiting, connections, app.answers)


def active_connections(inventory: Inventory, tables: Tables, name: str) -> int:
    """Established connections to a real server, in the table that has most of them. Pure."""
    counts = [0]
    for table in tables.values():
        present = {service.key: service for service in table}
        counts.append(
            sum(
                server.active
                for wanted in wanted_services(inventory, Runtime())
                if wanted.key in present
                for server in present[wanted.key].servers
                if wanted.name_of((server.address, server.port)) == name
            )
        )
    return max(counts)


def await_idle(
    inventory: Inventory,
    fleet: Fleet,
    names: Iterable[str],
    *,
    timeout: float,
    progress: Progress,
    pages: bool = True,
) -> dict[str, NodeWork]:
    """Waits until the real servers have nothing left to do, at most ``timeout`` seconds; what is
    left where something is. Without ``pages`` connections that are just open do not count, as a
    page that somebody left open keeps one for ever."""
    end = time.monotonic() + timeout
    quiet = dict.fromkeys(names, 0)
    while True:
        left: dict[str, NodeWork] = {}
        for name in quiet:
            work = look_at_work(inventory, fleet, name)
            done = work.idle if pages else work.cuttable
            quiet[name] = quiet[name] + 1 if done else 0
            if quiet[name] < _SETTLED:
                left[name] = work
                progress(Event("waiting", name, "its work to end", detail=str(work)))
        if not left:
            return {}
        if time.monotonic() >= end:
            return {name: work for name, work in left.items() if not quiet[name]}
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
