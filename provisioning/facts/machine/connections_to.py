"""Fate of connections from a host to others. Pure but for reading package data."""

from collections.abc import Sequence

from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe

Place = tuple[IPAddress, int]

_PATIENCE = 1.5
"""Seconds; the first packet is sent again after one."""


def connections_to(places: Sequence[Place]) -> Fact[dict[Place, str]]:
    """``open``, ``refused`` by the machine itself, ``silent``, or the error, for each place.
    Raises ``ProbeError``."""
    wanted = [[str(address), port] for address, port in places]

    def parse(found: Observation) -> dict[Place, str]:
        return dict(zip(places, answer(found), strict=True))

    probe = python_probe("connect", {"seconds": _PATIENCE, "wanted": wanted})
    return Fact("connections_to", probe, parse)
