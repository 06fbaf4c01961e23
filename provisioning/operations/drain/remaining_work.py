"""Work that a real server has left before it can stop unnoticed."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...engine.progress import Event
from ...facts.app.status import app_status
from ...facts.gather import ask_each
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...roles.wanted_services import wanted_services
from ..cluster_state.tables import Tables, holders_of, look_at_tables
from ..operation import Operation

_TIMEOUT = 20.0
_SETTLED = 2
"""Observations in a row that must find nothing: a client may be between two requests."""


@dataclass(frozen=True, slots=True)
class RemainingWork:
    """Work of a node at one moment."""

    running: int = 0
    """Jobs that workers have."""
    waiting: int = 0
    """Jobs in the queue."""
    connections: int = 0
    """Established connections that the director holding the VIP has to the node (ActiveConn):
    streams, uploads, open pages. Where edges are alone, those that the app itself counts."""
    requests: int | None = None
    """Requests under way: uploads, streams, downloads, also those that the node passes on to
    others; None where the app does not count them."""
    pages: int = 0
    """Pages that are open in browsers, and idle. Nothing waits for them: they stay for as long as
    their owner pleases, and find another node when this one goes."""
    unknown: str = ""
    """Reason why jobs or connections could not be counted; empty where they were."""

    @property
    def jobs(self) -> int:
        """Jobs, running and waiting."""
        return self.running + self.waiting

    @property
    def idle(self) -> bool:
        """True where nothing at all is left."""
        return not (self.jobs or self.connections or self.unknown)

    @property
    def stoppable(self) -> bool:
        """True where nobody would notice a stop: open pages connect again."""
        if self.unknown or self.jobs:
            return False
        return not (self.connections if self.requests is None else self.requests)

    def counts(self) -> dict[str, int]:
        """The numbers for events: ``{"jobs", "answers", "pages"}``, where ``answers`` are requests,
        or connections where the app does not count requests."""
        requests = self.connections if self.requests is None else self.requests
        return {"jobs": self.jobs, "answers": requests, "pages": self.pages}

    def __str__(self) -> str:
        counts = {
            "jobs running": self.running,
            "jobs waiting": self.waiting,
            "open connections": self.connections,
            "open requests": 0 if self.connections else self.requests or 0,
            "idle pages": self.pages,
        }
        found = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join([*found, *([self.unknown] if self.unknown else [])]) or "nothing"


def look_at_work(inventory: Inventory, fleet: Fleet, name: str) -> RemainingWork:
    """Count the work of a real server; one round trip to it and to each director."""
    fleet.connect([name, *inventory.directors.hosts])
    seen = ask_each([name], fleet, app_status(inventory, name), timeout=_TIMEOUT)
    connections = _at_directors(inventory, fleet, name)
    if name not in seen:
        return RemainingWork(connections=connections, unknown=str(fleet.errors.get(name, name)))
    app, answer = seen[name].status, seen[name]
    if app is None:
        # A process that is not there has no jobs; one that does not answer may have.
        unknown = "" if answer.down else f"the app does not say what it does ({answer.problem})"
        return RemainingWork(
            connections=connections, requests=None if unknown else 0, unknown=unknown
        )
    if edges_alone(inventory):
        connections = (app.requests or 0) + (app.pages or 0)
    return RemainingWork(app.running, app.waiting, connections, app.requests)


def _at_directors(inventory: Inventory, fleet: Fleet, name: str) -> int:
    """Connections that the directors have to a real server; none where there are no directors."""
    directors = inventory.directors.hosts
    if not directors:
        return 0
    tables = look_at_tables(inventory, directors, fleet)
    # The backup knows of connections that it was told of, and not at once how they ended.
    masters = holders_of(inventory, fleet) & tables.keys()
    counted = {master: tables[master] for master in masters} or tables
    return active_connections(inventory, counted, name)


def active_connections(inventory: Inventory, tables: Tables, name: str) -> int:
    """Count established connections to a real server, in the table that has most. Pure."""
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
    op: Operation, names: Iterable[str], *, timeout: float, pages: bool = True
) -> dict[str, RemainingWork]:
    """Wait until real servers have nothing left to do, at most ``timeout`` seconds; return the work
    of those that still have some. Without ``pages`` connections that are merely open do not count:
    a page left open keeps one for ever."""
    end = time.monotonic() + timeout
    quiet = dict.fromkeys(names, 0)
    while True:
        left: dict[str, RemainingWork] = {}
        for name in quiet:
            work = look_at_work(op.cluster.inventory, op.fleet, name)
            done = work.idle if pages else work.stoppable
            quiet[name] = quiet[name] + 1 if done else 0
            if quiet[name] < _SETTLED:
                left[name] = work
                op.progress(Event("waiting", name, "its work to end", detail=str(work)))
        if not left:
            return {}
        if time.monotonic() >= end:
            return {name: work for name, work in left.items() if not quiet[name]}
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
