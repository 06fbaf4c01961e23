"""Rules for edges: a VIP and hosts of their own, nodes whose size is known, paths that differ."""

from collections.abc import Iterator

from ...node_api import EDGE_HEALTH, STATUS
from ..derived.edge_admission import edge_cap
from ..derived.resolve import address_for, edge_router_id, is_ipv4, virtual_router_id_of
from ..derived.slots import slots_of
from ..edge import Edges
from ..key_path import KeyPath
from .finding import Context, Finding, warning
from .places import vips

_OWN = (EDGE_HEALTH, STATUS)
_VIP: KeyPath = ("edges", "vip")


def hosts(context: Context) -> Iterator[Finding]:
    """Two hosts that are nothing else: Keepalived and Nginx have one configuration a host."""
    if (edges := context.inventory.edges) is None:
        return
    if not edges.hosts:
        fix = "write edges: {hosts: {edge1: ADDRESS, edge2: ADDRESS}}, or remove edges"
        yield Finding(("edges", "hosts"), "there is no edge", fix)
    elif len(edges.hosts) == 1:
        name = next(iter(edges.hosts))
        text = f"{name} is the only edge: when it fails, that way in is closed"
        yield warning(("edges", "hosts"), text, "add a second one", name)
    for name in edges.hosts:
        for group, word in (("directors", "director"), ("real_servers", "real server")):
            if name in getattr(context.inventory, group).hosts:
                yield Finding(
                    ("edges", "hosts", name),
                    f"{name} is a {word} as well",
                    "use another host: an edge has Keepalived and Nginx for itself",
                    name,
                    also=((group, "hosts", name),),
                )


def vip(context: Context) -> Iterator[Finding]:
    """Each edge can own the VIP: it has an address of the family, in the VIP's subnet."""
    if (edges := context.inventory.edges) is None:
        return
    address, network = edges.vip.address.ip, edges.vip.address.network
    for name, host in edges.hosts.items():
        path = ("edges", "hosts", name)
        own = address_for(host, address)
        if own is None:
            key = "address6" if address.version == 6 else "address"
            yield Finding(
                path,
                f"{name} has no IPv{address.version} address for the VIP {address}",
                f"add {key}: with its IPv{address.version} address",
                str(host.address),
                also=((*path, key), _VIP),
            )
        elif network.prefixlen < network.max_prefixlen and own not in network:
            yield Finding(
                (*_VIP, "address"),
                f"{name} ({own}) is not in the VIP's subnet {network}",
                "correct the VIP, its length or the host",
                also=(path,),
            )


def router_id(context: Context) -> Iterator[Finding]:
    """Their VRID is none of the directors', and fits."""
    inventory = context.inventory
    if inventory.edges is None:
        return
    vrid, path = edge_router_id(inventory, inventory.edges), (*_VIP, "virtual_router_id")
    if vrid > 255:
        fix = "lower vrrp.virtual_router_id, or write edges: {vip: {virtual_router_id: …}}"
        yield Finding(path, f"the edges' VRID would be {vrid}", fix, str(vrid))
    for other_path, other in vips(inventory):
        same = virtual_router_id_of(inventory, other) == vrid
        if same and is_ipv4(other) == is_ipv4(inventory.edges.vip):
            yield Finding(
                path,
                f"VRID {vrid} is the one of the directors' VIP {other.address.ip}",
                "leave it out, or write another: edges: {vip: {virtual_router_id: …}}",
                str(vrid),
                also=(other_path, ("vrrp", "virtual_router_id")),
            )


def slots(context: Context) -> Iterator[Finding]:
    """The number of jobs that each node can run is known, as the caps are computed from it."""
    inventory = context.inventory
    if inventory.edges is None or inventory.app.per_gpu:
        return  # Or the rules for that have it.
    for name in inventory.real_servers.hosts:
        if slots_of(inventory, name) is None:
            yield Finding(
                ("app", "engine", "gpus"),
                f"how many cards {name} has is not said, so edges cannot tell its slots",
                "write real_servers: {gpus: {count: N}}, or gpus with that host",
                also=(("real_servers",), ("edges",)),
            )
            return


def per_client(context: Context) -> Iterator[Finding]:
    """One client's share leaves something to others."""
    inventory = context.inventory
    edges = inventory.edges
    if edges is None or edges.per_client is None:
        return
    if edges.per_client >= (cap := edge_cap(inventory, edges)) > 1:
        yield warning(
            ("edges", "per_client"),
            f"one client may take all {cap} places, and others get none",
            f"write {cap // 2} or fewer, or leave it out",
        )


def trusted(context: Context) -> Iterator[Finding]:
    """Nodes believe the edges about clients, also where the inventory names other proxies."""
    inventory = context.inventory
    if inventory.edges is None:
        return
    for index, argument in enumerate(inventory.app.arguments):
        if argument.partition("=")[0] == "--trusted-proxies":
            addresses = ",".join(str(host.address) for host in inventory.edges.hosts.values())
            yield warning(
                ("app", "arguments", index),
                "it goes over what the edges need: nodes would take all their clients for one",
                f"name the edges there as well: {addresses}",
                argument,
                ("edges",),
            )


def paths(context: Context) -> Iterator[Finding]:
    """Each is there once, and none is the edge's own."""
    if (edges := context.inventory.edges) is None:
        return
    first: dict[str, KeyPath] = {}
    for path, written in _paths(edges):
        if written in _OWN:
            text, fix = f"{written} is answered by the edge itself", "remove it"
            yield Finding(path, text, fix)
        other = first.setdefault(written, path)
        if other != path:
            where = f"{other[-2]}[{other[-1]}]"
            yield Finding(path, f"the same as {where}", "keep one of them", also=(other,))
    if not edges.paths.jobs:
        text = "without a path that takes a slot nothing is limited"
        yield Finding(("edges", "paths", "jobs"), text, "write one, or leave the key out")


def _paths(edges: Edges) -> Iterator[tuple[KeyPath, str]]:
    """Those that are written: a default gives way to what is said."""
    for kind, some in (("jobs", edges.paths.jobs), ("others", edges.paths.others)):
        if kind in edges.paths.model_fields_set or kind == "jobs":
            for index, path in enumerate(some):
                yield ("edges", "paths", kind, index), path
