"""Longest time for which no new connection to an address succeeded. Pure but for reading package
data."""

from dataclasses import dataclass

from provisioning.facts.fact import Fact
from provisioning.facts.probe import answer, python_probe
from provisioning.model.address import IPAddress
from provisioning.resources.base import Observation


@dataclass(frozen=True, slots=True)
class ConnectionGap:
    """Attempts to connect, at even intervals."""

    attempts: int
    failed: int
    gap: float | None
    """Seconds; nothing where no attempt succeeded."""


def connection_gap(
    address: IPAddress, port: int, *, seconds: float, interval: float
) -> Fact[ConnectionGap]:
    """Gap within the next ``seconds``. Raises ``ProbeError``."""
    asked = {"address": str(address), "port": port, "seconds": seconds, "interval": interval}
    return Fact("connection_gap", python_probe("gap", asked), _parse)


def _parse(found: Observation) -> ConnectionGap:
    return ConnectionGap(**answer(found))
