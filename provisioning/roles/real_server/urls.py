"""Addresses of the app on real servers."""

from ...model.address import IPAddress
from ...model.inventory import Inventory
from ...model.resolve import app_services
from ...model.service import serves


def own_url(address: IPAddress, port: int) -> str:
    """A node by its own address, without a path."""
    return f"http://{address}:{port}" if address.version == 4 else f"http://[{address}]:{port}"


def app_port(inventory: Inventory) -> int:
    """The port by which nodes know each other: the first service's of the app, as DR cannot
    translate ports."""
    return app_services(inventory)[0].port


def app_ports(inventory: Inventory, name: str) -> list[int]:
    """The ports that the app of a real server listens on: the nodes' own, and those of the further
    services that it serves."""
    first, *further = app_services(inventory)
    return [first.port, *(service.port for service in further if serves(service, name))]


def peers(inventory: Inventory) -> list[tuple[str, str]]:
    """Name and URL of each node, by which they know each other."""
    port = app_port(inventory)
    hosts = inventory.real_servers.hosts.items()
    return [(name, own_url(host.address, port)) for name, host in hosts]
