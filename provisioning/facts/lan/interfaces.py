"""A host's interfaces and addresses as ``ip -j address show`` prints them (ip-address(8)). Pure."""

import json
from dataclasses import dataclass
from ipaddress import ip_address

from ...errors import ClusterError
from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact

_COMMAND = "ip -j address show"


class InterfacesFormatError(ClusterError):
    """Output that is not iproute2's JSON; the message says what it was."""


@dataclass(frozen=True, slots=True)
class BoundAddress:
    """An address on an interface."""

    address: IPAddress
    prefix: int
    interface: str


@dataclass(frozen=True, slots=True)
class Interfaces:
    """Interfaces of one host and the addresses on them."""

    macs: dict[str, str]
    """MAC address by interface, in lower case; interfaces without one are missing."""
    addresses: tuple[BoundAddress, ...]

    def holding(self, address: IPAddress) -> tuple[BoundAddress, ...]:
        """Bindings of an address; none where it is not bound."""
        return tuple(bound for bound in self.addresses if bound.address == address)

    def offers(self, address: IPAddress) -> bool:
        """True if the address is bound where the LAN sees it, which is anywhere but on lo."""
        return any(bound.interface != "lo" for bound in self.holding(address))

    def on_lo(self, address: IPAddress) -> bool:
        """True if the address is bound on lo."""
        return any(bound.interface == "lo" for bound in self.holding(address))


def parse_interfaces(text: str) -> Interfaces:
    """Parse iproute2's JSON. Raises ``InterfacesFormatError``."""
    macs: dict[str, str] = {}
    addresses: list[BoundAddress] = []
    try:
        for link in json.loads(text):
            if link.get("link_type") == "ether":
                macs[link["ifname"]] = link["address"].lower()
            for info in link.get("addr_info", []):
                if "local" in info:
                    address = ip_address(info["local"])
                    addresses.append(BoundAddress(address, info["prefixlen"], link["ifname"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        shown = text.strip()[:80] or "nothing"
        raise InterfacesFormatError(
            f"`{_COMMAND}` printed {shown!r}; an iproute2 that knows -j (2017 or later) is needed"
        ) from None
    return Interfaces(macs, tuple(addresses))


def _interfaces(found: Observation) -> Interfaces:
    return parse_interfaces(found.stdout)


INTERFACES = Fact("interfaces", _COMMAND, _interfaces)
"""Addresses of a host. Raises ``InterfacesFormatError``."""
