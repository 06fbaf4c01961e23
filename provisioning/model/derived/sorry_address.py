"""Address to which directors send while a service's quorum is lost. Pure."""

from ipaddress import ip_address

from ..address import IPAddress
from ..service import VirtualService

LOCAL = {4: ip_address("127.0.0.1"), 6: ip_address("::1")}
"""A host itself, by the version of IP."""


def sorry_address(service: VirtualService, vip: IPAddress) -> IPAddress | None:
    """The sorry server, or the director itself, where it has a page: the kernel passes what goes to
    an address of its own on to whoever listens there, at the VIP (``ip_vs_null_xmit``,
    net/netfilter/ipvs/ip_vs_xmit.c). None where clients are refused."""
    if service.sorry_page is not None:
        return LOCAL[vip.version]
    return service.sorry_server
