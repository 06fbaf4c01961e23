"""Rules for nodes whose cards are in trouble."""

from collections.abc import Iterator

from ..derived.nodes import all_nodes
from ..derived.others_needed import PORT, needed_by
from ..derived.resolve import routes_sessions
from ..gpus import GpuHealth
from .finding import Context, Finding, warning

_PATH = ("real_servers", "gpu_health")


def drain(context: Context) -> Iterator[Finding]:
    """A node can go, with its last card."""
    inventory = context.inventory
    hosts = inventory.real_servers.hosts
    if inventory.real_servers.gpu_health is not GpuHealth.DRAIN or not hosts:
        return
    needed = [needed_by(inventory, node) for node in all_nodes(inventory)]
    if len(needed) == 1:
        yield warning(
            _PATH,
            "the only node never goes out of service: it keeps the slots of its last card",
            "add a real server to real_servers: {hosts: …}",
            None,
            ("real_servers", "hosts"),
        )
    elif not routes_sessions(inventory):
        yield warning(
            _PATH,
            "nodes that do not route sessions know of no others, so each keeps the slots of its "
            "last card",
            "write app: {session_routing: true}",
            None,
            ("app", "session_routing"),
        )
    elif inventory.app.per_gpu and all(one.by == PORT and one.never for one in needed):
        yield warning(
            _PATH,
            "no port has enough nodes that others could stand in, so each keeps its slots",
            "add a real server, or lower the quorum of the services",
            None,
            ("app", "per_gpu"),
        )
    elif all(one.never for one in needed):
        yield warning(
            _PATH,
            "a quorum needs every node, so each keeps the slots of its last card",
            "lower the quorum, or add a real server",
            None,
            ("services",),
        )
