"""Established connections as ``ipvsadm -Lnc`` lists them, and which of them both directors know."""

from dataclasses import dataclass

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.transport.base import Transport

Connection = tuple[str, ...]
"""Protocol, client, virtual endpoint, real server."""

_KEY = "connections"


def parse_connections(text: str) -> frozenset[Connection]:
    """Those in the state ESTABLISHED (lines: protocol, expiry, state, source, virtual,
    destination). Pure."""
    lines = (line.split() for line in text.splitlines())
    return frozenset(
        (words[0], *words[3:6]) for words in lines if len(words) >= 6 and words[2] == "ESTABLISHED"
    )


def look_at_connections(fleet: Fleet, name: str) -> frozenset[Connection]:
    """The established connections of a director; none where it cannot be asked."""

    def look(host: str, transport: Transport) -> str:
        return run_fragments(host, transport, {_KEY: "ipvsadm -Lnc"}, timeout=60)[_KEY].stdout

    return parse_connections(fleet.each([name], look).get(name, ""))


@dataclass(frozen=True, slots=True)
class Carried:
    """How many of one director's lasting connections another one knows."""

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
