"""Things that have to come in on a host, as roles say it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from ..model.address import IPAddress, IPNetwork
from ..model.derived.resolve import groups
from ..model.inventory import Inventory
from ..model.vrrp import VirtualIP

Protocol = Literal["tcp", "udp", "vrrp"]
VRRP_GROUPS = {4: ip_network("224.0.0.18"), 6: ip_network("ff02::12")}
"""Addresses, by the IP version, that adverts go to without ``vrrp.unicast`` (RFC 5798, 5.1)."""
SYNC_GROUP, SYNC_PORT = ip_network("224.0.0.81"), 8848
"""Where the kernel sends established connections (ipvsadm(8), --start-daemon)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Traffic that is let in."""

    what: str
    """Its purpose, as a comment in the ruleset."""
    protocol: Protocol = "tcp"
    ports: tuple[int, ...] = ()
    """None for a protocol that has none."""
    sources: tuple[IPNetwork, ...] | None = None
    """Senders; ``None`` is anybody, and without one nothing comes in."""
    destinations: tuple[IPNetwork, ...] | None = None
    """Own addresses that it goes to; ``None`` is any."""
    one_way: bool = False
    """True where answers do not pass this host, so that its kernel should keep no record of the
    connections."""


def networks(addresses: Iterable[IPAddress | IPNetwork]) -> tuple[IPNetwork, ...]:
    """Addresses as networks of one."""
    return tuple(map(ip_network, addresses))


def own_networks(inventory: Inventory, *keys: str) -> tuple[IPNetwork, ...]:
    """Addresses, of both families, of the hosts of these groups."""
    return networks(address for key in keys for address in _addresses(inventory, key))


def _addresses(inventory: Inventory, key: str) -> Iterator[IPAddress]:
    group = groups(inventory).get(key)
    for host in group.hosts.values() if group else ():
        yield host.address
        if host.address6 is not None:
            yield host.address6


def vrrp_openings(inventory: Inventory, key: str, vips: Iterable[VirtualIP]) -> list[Opening]:
    """Adverts of the other hosts of a group about VIPs that they share."""
    what = "VRRP adverts of the others"
    if inventory.vrrp.unicast:
        return [Opening(what=what, protocol="vrrp", sources=own_networks(inventory, key))]
    # From whichever address their interface has first, for IPv6 that of the link: one that was not
    # heard would mean two masters. No router passes these groups on.
    heard = tuple(VRRP_GROUPS[version] for version in sorted({vip.address.version for vip in vips}))
    return [Opening(what=what, protocol="vrrp", destinations=heard)]
