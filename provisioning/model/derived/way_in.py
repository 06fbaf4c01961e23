"""The hosts that clients come in by: directors, or edges alone. Pure.

They decide who gets work, and the cluster keeps on them what it remembers of itself. Where there
are directors these are it, also with edges in front of the same nodes.
"""

from ..edge import Edges
from ..inventory import Inventory
from ..vrrp import VirtualIP


def edges_alone(inventory: Inventory) -> Edges | None:
    """The edges of a cluster that has neither a director nor a director's VIP; None in others."""
    without = not inventory.directors.hosts and not inventory.virtual_ips
    return inventory.edges if without else None


def way_in(inventory: Inventory) -> list[str]:
    """Names of the directors; of the edges, where these are alone."""
    edges = edges_alone(inventory)
    return list(edges.hosts if edges else inventory.directors.hosts)


def way_in_word(inventory: Inventory) -> str:
    """One of them, for people."""
    return "edge" if edges_alone(inventory) else "director"


def way_in_vips(inventory: Inventory) -> list[VirtualIP]:
    """The VIPs that they hold."""
    edges = edges_alone(inventory)
    return [edges.vip] if edges else inventory.virtual_ips


def client_vips(inventory: Inventory) -> list[VirtualIP]:
    """Every VIP that clients ask by: the directors', and that of edges."""
    edges = [inventory.edges.vip] if inventory.edges else []
    return [*inventory.virtual_ips, *edges]
