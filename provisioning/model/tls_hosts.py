"""Hosts on which TLS is ended. Pure."""

from .inventory import Inventory


def tls_hosts(inventory: Inventory) -> list[str]:
    """The real servers, then the edges; none without TLS."""
    if inventory.tls is None:
        return []
    edges = inventory.edges.hosts if inventory.edges else {}
    return [*inventory.real_servers.hosts, *edges]


def python_of(inventory: Inventory, name: str) -> str:
    """The Python of a host that ends TLS: the app's base on real servers, Debian's on edges."""
    if name in inventory.real_servers.hosts:
        return str(inventory.app.base_python)
    return "/usr/bin/python3"
