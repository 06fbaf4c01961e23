"""Counters of the kernel's IPVS table as ``ipvsadm -Ln --stats --exact`` prints them. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact
from .table import (
    ServiceKey,
    TableFormatError,
    parse_endpoint,
    service_blocks,
)


@dataclass(frozen=True, slots=True)
class Counters:
    """Traffic of a virtual service or a real server since it came into the table."""

    connections: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int

    def since(self, before: "Counters") -> "Counters":
        """The growth since an earlier look."""
        return Counters(
            self.connections - before.connections,
            self.packets_in - before.packets_in,
            self.packets_out - before.packets_out,
            self.bytes_in - before.bytes_in,
            self.bytes_out - before.bytes_out,
        )


def parse_counters(text: str) -> dict[ServiceKey, Counters]:
    """Parse the virtual services of ``ipvsadm -Ln --stats --exact``. Raises
    ``TableFormatError``."""
    found = {}
    for (protocol, endpoint, *numbers), _ in service_blocks(text):
        if len(numbers) != 5 or not all(number.isdecimal() for number in numbers):
            raise TableFormatError(f"no exact ipvsadm counters: {' '.join(numbers)!r}")
        address, port = parse_endpoint(endpoint)
        found[(protocol, address, port)] = Counters(*(int(number) for number in numbers))
    return found


def _counters(found: Observation) -> dict[ServiceKey, Counters]:
    return parse_counters(found.stdout)


IPVS_COUNTERS = Fact("ipvs_counters", "ipvsadm -Ln --stats --exact", _counters)
"""Traffic of each virtual service. Raises ``TableFormatError``."""
