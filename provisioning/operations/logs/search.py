"""Search in the logs of all hosts: on the log host, or where there is none, on the hosts."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...engine.fleet import Fleet
from ...facts.probe import python_probe
from ...model.derived.resolve import managed_hosts
from ...model.inventory import Inventory
from ...places import LOG_FOLDER
from ...transport.base import Transport
from .on_hosts import HostQuery, lines_of, search_script
from .sources import LogSource, local_now, log_sources

Record = dict[str, Any]
"""``time``, ``received``, ``host``, ``service``, ``level``, ``line``."""
_TIMEOUT = 300.0
_UNKNOWN = "is not in the inventory, and only a log host has the lines of such a host"


@dataclass(frozen=True, slots=True)
class Query:
    """The lines that are asked for; an empty value asks for nothing."""

    text: str = ""
    request: str = ""
    since: datetime | None = None
    nodes: tuple[str, ...] = ()
    level: str = ""
    lines: int = 1000
    """The latest so many."""
    hours: int = 0
    """On a log host, of each node the last so many hours of which it has lines; 0 is all."""

    @property
    def age(self) -> float | None:
        """Seconds: ages mean the same on every host, times only where clocks agree."""
        return None if self.since is None else (local_now() - self.since).total_seconds()


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a search."""

    records: list[Record]
    """In order of the times at which they were written, by the clocks of those who wrote."""
    errors: dict[str, str]
    """What went wrong, by host."""


def search_logs(inventory: Inventory, fleet: Fleet, query: Query) -> Found:
    """Ask the log host; the hosts themselves where there is none, or where it does not answer."""
    if inventory.logs is None:
        return _from_hosts(inventory, fleet, query)
    name = next(iter(inventory.logs.hosts))
    found = from_log_host(name, fleet, query)
    if not found.errors:
        return found
    there = _from_hosts(inventory, fleet, query, but=name)
    return Found(there.records, found.errors | there.errors)


def from_log_host(name: str, fleet: Fleet, query: Query) -> Found:
    """Ask it alone."""
    asked = {
        "folder": LOG_FOLDER,
        "text": query.text,
        "request": query.request,
        "age": query.age,
        "nodes": list(query.nodes),
        "level": query.level,
        "limit": query.lines,
        "hours": query.hours,
    }

    def read(_name: str, transport: Transport) -> tuple[list[Record], str]:
        done = transport.run(python_probe("log_search", asked), timeout=_TIMEOUT)
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        problem = (said or [f"status {done.status}"])[-1] if done.status else ""
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        return [json.loads(line) for line in lines if line], problem

    records, errors = _each([name], fleet, read)
    return Found(records, errors)


def _from_hosts(inventory: Inventory, fleet: Fleet, query: Query, but: str = "") -> Found:
    known = [name for name in managed_hosts(inventory) if name != but]
    names = [name for name in known if not query.nodes or name in query.nodes]
    missing = {name: _UNKNOWN for name in query.nodes if name not in known and name != but}
    asked = HostQuery(query.text, query.request, query.level, query.age)

    def read(name: str, transport: Transport) -> tuple[list[Record], str]:
        return _read_host(log_sources(inventory, name), asked, transport)

    records, errors = _each(names, fleet, read)
    records.sort(key=lambda record: record["time"])
    return Found(records[-query.lines :] if query.lines else [], missing | errors)


def _read_host(
    sources: list[LogSource], asked: HostQuery, transport: Transport
) -> tuple[list[Record], str]:
    records: list[Record] = []
    problems = []
    for source in sources:
        done = transport.run(search_script(source, asked), timeout=_TIMEOUT)
        records += lines_of(source, asked, done.stdout.decode("utf-8", "replace"))
        if done.status:
            said = done.stderr.decode("utf-8", "replace").strip()
            problems.append(said or f"status {done.status}")
    return records, "; ".join(problems)


def _each(
    names: list[str],
    fleet: Fleet,
    read: Callable[[str, Transport], tuple[list[Record], str]],
) -> tuple[list[Record], dict[str, str]]:
    fleet.connect(names)
    records, errors = [], {}
    for name, (found, problem) in fleet.each(names, read).items():
        records += found
        if problem:
            errors[name] = problem
    unreached = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    return records, errors | unreached
