"""Announcements of other directors that a director's LAN brings it. Pure but for reading package
data."""

from dataclasses import dataclass

from ...model.address import IPAddress
from ...model.derived.resolve import interface_of
from ...model.inventory import Inventory
from ...resources.base import Observation
from ..fact import Fact
from ..probe import answer, python_probe

ENOUGH = 6
"""Datagrams by which a neighbour is known to speak, ten of which it sends in a second."""
_WAIT = 4.0
"""Seconds for which others are waited for: all are asked at about the same time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Packets that came of one neighbour, which sends as many of each kind."""

    datagrams: int
    """To this host alone."""
    multicast: int
    """To VRRP's group."""
    arps: int
    """Gratuitous ones."""


def announcements(inventory: Inventory, name: str) -> Fact[dict[IPAddress, Heard]] | None:
    """By the address of each other director; only for IPv4. All directors have to be asked at the
    same time, and each waits for the others. Raises ``ProbeError``."""
    hosts = inventory.directors.hosts
    own = hosts[name].address
    peers = [one.address for other, one in hosts.items() if other != name]
    if not peers or any(one.version == 6 for one in (own, *peers)):
        return None

    def parse(found: Observation) -> dict[IPAddress, Heard]:
        said = answer(found)
        return {peer: Heard(*said[str(peer)]) for peer in peers}

    argument = {
        "device": interface_of(inventory, name),
        "source": str(own),
        "peers": list(map(str, peers)),
        "enough": ENOUGH,
        "seconds": _WAIT,
    }
    return Fact("announcements", python_probe("announcements", argument), parse)
