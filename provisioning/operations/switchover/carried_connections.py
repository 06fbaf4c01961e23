"""Established connections that both directors know."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.gather import ask_each
from ...facts.ipvs.connections import ESTABLISHED_CONNECTIONS, Connection


def look_at_connections(fleet: Fleet, name: str) -> frozenset[Connection]:
    """The established connections of a director; none where it cannot be asked."""
    found = ask_each([name], fleet, ESTABLISHED_CONNECTIONS, timeout=60)
    return found.get(name, frozenset())


@dataclass(frozen=True, slots=True)
class Carried:
    """Lasting connections of one director, and those of them that another one knows."""

    total: int
    known: int

    def __str__(self) -> str:
        return f"{self.known} of {self.total} established connections"


def carried(fleet: Fleet, master: str, candidate: str) -> Carried:
    """Of the master's connections that outlast the look, those that the candidate has too. The
    kernel tells of a connection from its third packet on (ipvs-sysctl, sync_threshold)."""
    first = look_at_connections(fleet, master)
    other = look_at_connections(fleet, candidate)
    lasting = first & look_at_connections(fleet, master)
    return Carried(len(lasting), len(lasting & other))
