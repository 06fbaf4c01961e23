"""Rules for which hosts there are, and in which roles."""

from collections.abc import Iterator

from ..derived.way_in import edges_alone
from ..groups import group_types
from ..inventory import Inventory
from .finding import Context, Finding, warning
from .places import hosts

_RESERVED = ("all", *group_types(), "localhost")


def directors(context: Context) -> Iterator[Finding]:
    """Two directors, or no fail-over; none where edges are the only way in."""
    inventory = context.inventory
    names = list(inventory.directors.hosts)
    if not names and not edges_alone(inventory):
        yield Finding(
            ("directors", "hosts"),
            "the cluster has no director",
            f"write directors: {{hosts: {{lvs1: ADDRESS, lvs2: ADDRESS}}}}; or {_edges(inventory)}",
            also=(("edges",),),
        )
    elif len(names) == 1:
        yield warning(
            ("directors", "hosts"),
            f"{names[0]} is the only director: when it fails, the VIP is gone",
            "add a second one",
            names[0],
        )


def _edges(inventory: Inventory) -> str:
    """The fix for edges alone."""
    removed = "remove vip and vips"
    if inventory.edges is not None:
        return f"{removed}, and the edges are the only way in"
    written = "edges: {vip: ADDRESS, hosts: {edge1: ADDRESS, edge2: ADDRESS}}"
    return f"{removed if inventory.virtual_ips else 'leave out vip'} and write {written}"


def real_servers(context: Context) -> Iterator[Finding]:
    """At least one real server."""
    if not context.inventory.real_servers.hosts:
        yield Finding(
            ("real_servers", "hosts"),
            "the cluster has no real server",
            "write real_servers: {hosts: {rs1: ADDRESS, rs2: ADDRESS}}",
        )


def colocated(context: Context) -> Iterator[Finding]:
    """Director and real server at once only on purpose: packets of the VIP can circle between
    two such hosts until net.ipv4.vs.backup_only stops them."""
    inventory = context.inventory
    if inventory.allow_colocated:
        return
    for name in inventory.real_servers.hosts:
        if name in inventory.directors.hosts:
            yield Finding(
                ("real_servers", "hosts", name),
                f"{name} is a director as well",
                "use another host, or write allow_colocated: true if it is meant",
                name,
                also=(("directors", "hosts", name), ("allow_colocated",)),
            )


def names(context: Context) -> Iterator[Finding]:
    """No host is called what a group is called: ``--limit`` could not tell them apart."""
    for path, _, name, _ in hosts(context.inventory):
        if name.lower() in _RESERVED:
            yield Finding(path, f"a host cannot be called {name}", "give it another name", name)


def alike_names(context: Context) -> Iterator[Finding]:
    """Names that differ in case only are one host to DNS and to a tired operator."""
    first: dict[str, str] = {}
    for path, _, name, _ in hosts(context.inventory):
        other = first.setdefault(name.lower(), name)
        if other != name:
            yield warning(
                path, f"{name} and {other} differ in case only", "give one another name", name
            )
