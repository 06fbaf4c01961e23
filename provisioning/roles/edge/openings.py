"""Connections to edges, and from them. Pure."""

from ...model.derived.nodes import nodes_of
from ...model.edge import Edges
from ...model.inventory import Inventory
from ..opening import Opening, networks, own_networks, vrrp_openings

_KEY = "edges"


def openings(inventory: Inventory, name: str) -> list[Opening]:
    """On an edge clients at its VIP and VRRP; on a real server what edges ask it."""
    edges = inventory.edges
    if edges is None:
        return []
    found = _of_edge(inventory, edges) if name in edges.hosts else []
    if name in inventory.real_servers.hosts:
        found += _of_real_server(inventory, name)
    return found


def _of_edge(inventory: Inventory, edges: Edges) -> list[Opening]:
    tls = inventory.tls
    ports = [edges.port, *((tls.port, tls.redirect_port) if tls else ())]
    vip = networks([edges.vip.address.ip])
    clients = tuple(dict.fromkeys(port for port in ports if port))
    found = [Opening(what="clients", ports=clients, destinations=vip)]
    return found + (vrrp_openings(inventory, _KEY, [edges.vip]) if len(edges.hosts) > 1 else [])


def _of_real_server(inventory: Inventory, name: str) -> list[Opening]:
    tls, sources = inventory.tls, own_networks(inventory, _KEY)
    found = [
        Opening(
            what="jobs that edges admit, and their questions how the node is",
            ports=tuple(node.port for node in nodes_of(inventory, name)),
            sources=sources,
        )
    ]
    if tls and tls.acme and tls.redirect_port:
        what = "the proof and the certificate, asked for by edges"
        found.append(Opening(what=what, ports=(tls.redirect_port,), sources=sources))
    return found
