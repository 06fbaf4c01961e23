"""Large receive offload of an interface. Pure but for reading package data."""

from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe


def large_receive(interface: str) -> Fact[bool]:
    """True where the card joins packets before the kernel sees them. Raises ``ProbeError``."""
    return Fact("large_receive", python_probe("large_receive", interface), _parse)


def _parse(found: Observation) -> bool:
    return bool(answer(found))
