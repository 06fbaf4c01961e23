"""Sizes of packets that pass between a host and others. Pure but for reading package data."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe

_PATIENCE = 1.0
"""Seconds. What was not answered is sent again half-way."""


@dataclass(frozen=True, slots=True)
class PathSizes:
    """Packets that a host sent, there and back."""

    mtu: int
    """Bytes: of the host's interface, and of the large ones."""
    words: dict[IPAddress, str]
    """``all``, only ``small`` ones, or ``silent``."""


def path_sizes(interface: str, addresses: Sequence[IPAddress]) -> Fact[PathSizes]:
    """Packets of an interface to its neighbours. Raises ``ProbeError``."""
    wanted = [str(one) for one in addresses]

    def parse(found: Observation) -> PathSizes:
        said = answer(found)
        return PathSizes(said["mtu"], dict(zip(addresses, said["words"], strict=True)))

    argument = {"device": interface, "seconds": _PATIENCE, "wanted": wanted}
    return Fact("path_sizes", python_probe("path_sizes", argument), parse)
