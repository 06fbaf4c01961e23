"""Machines that answer for the addresses of a cluster's hosts, as a director's LAN has it. Pure but
for reading package data."""

from dataclasses import dataclass
from ipaddress import ip_address

from ...model.address import IPAddress
from ...model.derived.resolve import interface_of
from ...model.inventory import Inventory
from ...resources.base import Observation
from ..fact import Fact
from ..probe import ProbeError, answer, python_probe

_LISTEN = 1.0
"""Seconds. The question is put again half-way."""


@dataclass(frozen=True, slots=True)
class LanAnswers:
    """Answers on the LAN of one interface."""

    interface: str
    macs: dict[IPAddress, frozenset[str]]
    """MAC addresses that answer, for every address that was asked for."""


def lan_answers(inventory: Inventory, name: str) -> Fact[LanAnswers]:
    """Answers for the other directors' and the real servers' addresses, of the family of this
    host's own. Raises ``ProbeError``."""
    own, interface = inventory.directors.hosts[name].address, interface_of(inventory, name)
    others = {**inventory.directors.hosts, **inventory.real_servers.hosts}
    addresses = [one.address for other, one in others.items() if other != name]
    wanted = [
        {"address": str(address), "device": interface, "source": str(own), "vrid": None}
        for address in dict.fromkeys(addresses)
        if address.version == own.version and address != own
    ]

    def parse(found: Observation) -> LanAnswers:
        said = answer(found)
        if said["problem"]:
            raise ProbeError(said["problem"])
        macs = {ip_address(one): frozenset(macs) for one, macs in said["owners"].items()}
        return LanAnswers(interface, macs)

    probe = python_probe("claims", {"seconds": _LISTEN, "wanted": wanted})
    return Fact("lan_answers", probe, parse)
