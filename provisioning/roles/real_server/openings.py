"""Connections to real servers. Pure."""

from ...model.address import IPAddress
from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import virtual_services
from ...model.hosts import RealServer
from ...model.inventory import Inventory
from ...model.service import VirtualService, serves
from ...node_api import METRICS
from ..opening import Opening, networks, own_networks

_KEY = "real_servers"


def openings(inventory: Inventory, name: str) -> list[Opening]:
    """Clients at the VIPs, and the other nodes at the host's own address."""
    host = inventory.real_servers.hosts.get(name)
    if host is None:
        return []
    served = [
        one.port
        for one in virtual_services(inventory)
        if serves(one, name) or _apologises(one, host)
    ]
    found = [
        Opening(
            what="clients, as directors pass them on",
            ports=tuple(served),
            destinations=networks(vip.address.ip for vip in inventory.virtual_ips),
        )
    ]
    firewall, own = inventory.firewall, tuple(node.port for node in nodes_of(inventory, name))
    if firewall and firewall.metrics_from:
        found.append(
            Opening(
                what=f"{METRICS}, at the node's own address",
                ports=own,
                sources=networks(firewall.metrics_from),
            )
        )
    return found + (_from_others(inventory, own) if len(inventory.real_servers.hosts) > 1 else [])


def _apologises(service: VirtualService, host: RealServer) -> bool:
    own: set[IPAddress | None] = {host.address, host.address6}
    return service.sorry_server is not None and service.sorry_server in own


def _from_others(inventory: Inventory, own: tuple[int, ...]) -> list[Opening]:
    tls, spreading, others = inventory.tls, inventory.spreading, own_networks(inventory, _KEY)
    redirect = tls.redirect_port if tls and tls.acme else None
    wanted = {
        "sessions and jobs of the other nodes": own,
        "artifacts and wheels of the other nodes, while they are spread": [spreading.port],
        "the proof and the certificate of the other nodes": [redirect],
    }
    found = [
        Opening(what=what, ports=tuple(port for port in ports if port), sources=others)
        for what, ports in wanted.items()
    ]
    return [one for one in found if one.ports]
