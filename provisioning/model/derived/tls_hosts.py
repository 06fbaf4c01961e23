"""Hosts on which TLS is ended. Pure."""

from ..inventory import Inventory
from .way_in import edges_alone


def tls_hosts(inventory: Inventory) -> list[str]:
    """The real servers, then the edges; none without TLS. Where edges are alone it is they."""
    if inventory.tls is None:
        return []
    if alone := edges_alone(inventory):
        return list(alone.hosts)
    edges = inventory.edges.hosts if inventory.edges else {}
    return [*inventory.real_servers.hosts, *edges]


def python_of(inventory: Inventory, name: str) -> str:
    """The Python of a host that ends TLS: the app's base on real servers, Debian's on edges."""
    if name in inventory.real_servers.hosts:
        return str(inventory.app.base_python)
    return "/usr/bin/python3"
