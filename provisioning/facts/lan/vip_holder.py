"""Holder of the VIPs: a host that offers one of them to the LAN. Pure.

A VIP on lo is that of a real server, which is silent about it; a director may be one too.
"""

from collections.abc import Collection, Mapping

from ...model.address import IPAddress
from ..fact import Answers
from .interfaces import INTERFACES, Interfaces, InterfacesFormatError


def holders(hosts: Mapping[str, Interfaces], vips: Collection[IPAddress]) -> list[str]:
    """Names of the hosts that hold one of the VIPs."""
    return [name for name, found in hosts.items() if any(found.offers(vip) for vip in vips)]


def interfaces_of_any(answers: Answers) -> Interfaces:
    """Interfaces of a host that may have no iproute2 yet; then it has none."""
    try:
        return answers[INTERFACES]
    except InterfacesFormatError:
        return Interfaces({}, ())
