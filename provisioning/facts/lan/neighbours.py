"""Ways from a host to addresses, and the machines on its LAN that answer for them. Pure but for
reading package data."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe


@dataclass(frozen=True, slots=True)
class Way:
    """Way of a host to an address, and the claims on it (MAC addresses)."""

    route: str
    """``link``, ``routed``, ``local`` or ``unknown``."""
    cached: str | None
    """Machine that the host sends to."""
    owners: frozenset[str] | None
    """All that answer for it; nothing where that could not be asked."""
    problem: str = ""
    """Reason for which it could not be asked."""


def neighbours(addresses: Sequence[str]) -> Fact[dict[str, Way]]:
    """Way to each address. Needs root to tell the owners. Raises ``ProbeError``."""
    return Fact("neighbours", python_probe("neighbour", list(addresses)), _parse)


def _parse(found: Observation) -> dict[str, Way]:
    return {
        address: Way(
            way["route"],
            way["cached"],
            None if way["owners"] is None else frozenset(way["owners"]),
            way["problem"],
        )
        for address, way in answer(found).items()
    }
