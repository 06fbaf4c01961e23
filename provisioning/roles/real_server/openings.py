"""What has to come in on real servers. Pure."""

from ...model.address import IPAddress
from ...model.hosts import RealServer
from ...model.inventory import Inventory
from ...model.resolve import virtual_services
from ...model.service import VirtualService, serves
from ..opening import Opening, networks, own_networks
from .urls import app_port

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
    firewall = inventory.firewall
    if firewall and firewall.metrics_from:
        found.append(
            Opening(
                what="/metrics, at the node's own address",
                ports=(app_port(inventory),),
                sources=networks(firewall.metrics_from),
            )
        )
    return found + (_from_others(inventory) if len(inventory.real_servers.hosts) > 1 else [])


def _apologises(service: VirtualService, host: RealServer) -> bool:
    own: set[IPAddress | None] = {host.address, host.address6}
    return service.sorry_server is not None and service.sorry_server in own


def _from_others(inventory: Inventory) -> list[Opening]:
    tls, spreading, others = inventory.tls, inventory.spreading, own_networks(inventory, _KEY)
    wanted = {
        "sessions and jobs of the other nodes": app_port(inventory),
        "artifacts and wheels of the other nodes, while they are spread": spreading.port,
        "the proof and the certificate of the other nodes": tls and tls.acme and tls.redirect_port,
    }
    return [
        Opening(what=what, ports=(port,), sources=others) for what, port in wanted.items() if port
    ]
