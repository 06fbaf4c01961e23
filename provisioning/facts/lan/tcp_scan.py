"""Places where something accepts a host's TCP connections. Pure but for reading package data."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe

Place = tuple[IPAddress, int]
"""Address and port."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A connection that came about."""

    address: IPAddress
    port: int
    source: IPAddress
    """Address that it was made from."""


def tcp_scan(places: Sequence[Place], *, patience: float) -> Fact[tuple[Accepted, ...]]:
    """Those of the places that accept; a silent one costs ``patience`` seconds, with all others.
    Raises ``ProbeError``."""
    listed = [[str(address), port] for address, port in places]
    return Fact(
        "tcp_scan", python_probe("tcp_scan", {"timeout": patience, "places": listed}), _parse
    )


def _parse(found: Observation) -> tuple[Accepted, ...]:
    return tuple(
        Accepted(ip_address(address), port, ip_address(source))
        for address, port, source in answer(found)
    )
