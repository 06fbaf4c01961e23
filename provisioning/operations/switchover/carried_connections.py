"""Established connections that both directors know."""

from dataclasses import dataclass

from provisioning.engine.fleet import Fleet
from provisioning.facts.connections import ESTABLISHED_CONNECTIONS, Connection
from provisioning.facts.gather import ask
from provisioning.transport.base import Transport


def look_at_connections(fleet: Fleet, name: str) -> frozenset[Connection]:
    """The established connections of a director; none where it cannot be asked."""

    def look(host: str, transport: Transport) -> frozenset[Connection]:
        return ask(host, transport, ESTABLISHED_CONNECTIONS, timeout=60)

    return fleet.each([name], look).get(name, frozenset())


@dataclass(frozen=True, slots=True)
class Carried:
    """Lasting connections of one director, and those of them that another one knows."""

    total: int
    known: int

    def __str__(self) -> str:
        return f"{self.known} of {self.total} established connections"


def carried(fleet: Fleet, master: str, heir: str) -> Carried:
    """Of the master's connections that outlast the look, those that the heir has too. The kernel
    tells of a connection from its third packet on (ipvs-sysctl, sync_threshold)."""
    first = look_at_connections(fleet, master)
    other = look_at_connections(fleet, heir)
    lasting = first & look_at_connections(fleet, master)
    return Carried(len(lasting), len(lasting & other))
