"""Places where a real server's app is asked, on the real server itself. Pure."""

from typing import Literal

from ...model.address import IPAddress
from ...model.derived.nodes import Node
from ...model.derived.resolve import address_for, app_services, speaks_tls
from ...model.inventory import Inventory
from ...model.service import VirtualService, serves
from ..http_replies import HttpTarget

Place = Literal["rip", "vip"]
"""The node's own address, or the VIP's on the node's lo; where edges are alone nodes have none."""


def app_target(inventory: Inventory, node: Node, path: str, place: Place = "rip") -> HttpTarget:
    """One place for a path of a node."""
    ours = [one for one in app_services(inventory) if one.port in node.ports]
    host = inventory.real_servers.hosts[node.host]
    if not ours:
        # A port that edges alone send to.
        return HttpTarget(host.address, node.port, path)
    service = next((one for one in ours if serves(one, node.host)), ours[0])
    host = inventory.real_servers.hosts[node.host]
    if not inventory.virtual_ips:
        return service_target(inventory, service, host.address, path)
    vip = inventory.virtual_ips[0].address.ip
    if place == "vip":
        return service_target(inventory, service, vip, path)
    return service_target(inventory, service, address_for(host, vip) or host.address, path)


def service_target(
    inventory: Inventory, service: VirtualService, address: IPAddress, path: str
) -> HttpTarget:
    """A path at an address, as the service's clients ask for it."""
    return HttpTarget(address, service.port, path, speaks_tls(inventory, service))


def of_node(word: str, node: Node) -> str:
    """The name of a question to one node among those to its host: the word alone for a node that
    has the host to itself."""
    return word if node.name == node.host else f"{word}:{node.name}"
