"""Connections to directors, and from them. Pure."""

from ...model.derived.resolve import sync_daemon_of, virtual_services
from ...model.inventory import Inventory
from ...model.service import serves
from ..opening import SYNC_GROUP, SYNC_PORT, Opening, networks, own_networks, vrrp_openings


def openings(inventory: Inventory, name: str) -> list[Opening]:
    """On a director VRRP, connection sync and clients; on a real server health checks."""
    found = _of_director(inventory) if name in inventory.directors.hosts else []
    if name in inventory.real_servers.hosts:
        checked = [one.port for one in virtual_services(inventory) if serves(one, name)]
        sources = own_networks(inventory, "directors")
        found.append(Opening(what="health checks", ports=tuple(checked), sources=sources))
    return found


def _of_director(inventory: Inventory) -> list[Opening]:
    found = [
        # IPVS takes them behind this hook, and answers go past this host.
        Opening(
            what="clients, passed on to real servers",
            ports=tuple(service.port for service in virtual_services(inventory)),
            destinations=networks(vip.address.ip for vip in inventory.virtual_ips),
            one_way=True,
        )
    ]
    if len(inventory.directors.hosts) > 1:
        found += vrrp_openings(inventory, "directors", inventory.virtual_ips)
    if sync_daemon_of(inventory) is not None:
        found.append(
            Opening(
                what="established connections, told by the master",
                protocol="udp",
                ports=(SYNC_PORT,),
                destinations=(SYNC_GROUP,),
            )
        )
    return found
