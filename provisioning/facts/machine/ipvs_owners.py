"""Virtual services of a kernel whoever made them, as ``/proc/net/ip_vs`` has them. Pure."""

import re
from ipaddress import IPv4Address, ip_address

from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact

_SERVICE = re.compile(r"^(TCP|UDP|SCTP)\s+(?:([0-9A-F]{8})|\[([0-9a-f:]+)\]):([0-9A-F]{4})\s", re.M)

Service = tuple[str, IPAddress, int]
"""Protocol, address and port."""


def _services(found: Observation) -> tuple[Service, ...]:
    return tuple(
        (protocol, IPv4Address(int(four, 16)) if four else ip_address(six), int(port, 16))
        for protocol, four, six, port in _SERVICE.findall(found.stdout)
    )


VIRTUAL_SERVICES = Fact("virtual_services", "cat /proc/net/ip_vs 2>/dev/null || :", _services)
"""Empty where the kernel has no IPVS (yet). It needs no program, as a host before its first deploy
has none."""
