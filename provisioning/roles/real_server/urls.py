"""Addresses of the app on real servers."""

from ...model.address import IPAddress
from ...model.inventory import Inventory


def own_url(address: IPAddress, port: int) -> str:
    """A node by its own address, without a path."""
    return f"http://{address}:{port}" if address.version == 4 else f"http://[{address}]:{port}"


def app_port(inventory: Inventory) -> int:
    """The port the app listens on: the first service's, as DR cannot translate ports."""
    return inventory.services[0].port


def peers(inventory: Inventory) -> list[tuple[str, str]]:
    """Name and URL of each node, by which they know each other."""
    port = app_port(inventory)
    hosts = inventory.real_servers.hosts.items()
    return [(name, own_url(host.address, port)) for name, host in hosts]
