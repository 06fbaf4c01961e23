"""Addresses of the app on real servers."""

from ...model.address import IPAddress
from ...model.derived.nodes import Node, all_nodes
from ...model.inventory import Inventory


def own_url(address: IPAddress, port: int) -> str:
    """A node by its own address, without a path."""
    return f"http://{address}:{port}" if address.version == 4 else f"http://[{address}]:{port}"


def node_url(inventory: Inventory, node: Node) -> str:
    """The URL by which other nodes and edges know a node."""
    return own_url(inventory.real_servers.hosts[node.host].address, node.port)


def peers(inventory: Inventory) -> list[tuple[str, str]]:
    """Name and URL of each node, by which they know each other."""
    return [(node.name, node_url(inventory, node)) for node in all_nodes(inventory)]
