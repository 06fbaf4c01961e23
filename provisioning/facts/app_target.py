"""Places where a real server's app is asked, on the real server itself. Pure."""

from typing import Literal

from provisioning.facts.http_replies import HttpTarget
from provisioning.model.address import IPAddress
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import address_for
from provisioning.model.service import VirtualService, serves, speaks_tls

Place = Literal["rip", "vip"]
"""The node's own address, or the VIP's on the node's lo."""


def app_target(inventory: Inventory, name: str, path: str, place: Place = "rip") -> HttpTarget:
    """One place for a path of the app."""
    service = next((one for one in inventory.services if serves(one, name)), inventory.services[0])
    vip = inventory.virtual_ips[0].address.ip
    if place == "vip":
        return service_target(service, vip, path)
    host = inventory.real_servers.hosts[name]
    return service_target(service, address_for(host, vip) or host.address, path)


def service_target(service: VirtualService, address: IPAddress, path: str) -> HttpTarget:
    """A path at an address, as the service's clients ask for it."""
    return HttpTarget(address, service.port, path, speaks_tls(service))
