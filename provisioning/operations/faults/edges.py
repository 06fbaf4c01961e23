"""Faults of edges together: one of them has their VIP, and all send to every node."""

from collections.abc import Iterator

from ...model.address import endpoint
from ...model.derived.nodes import Node, all_nodes
from ...model.inventory import Inventory
from ...roles.edge.edge import EDGES
from ...roles.edge.view import HOLDS, NODES
from ..cluster_state.state import ClusterState
from .fault import Fault


def edge_faults(inventory: Inventory, state: ClusterState) -> Iterator[Fault]:
    """Nobody holds the edges' VIP, or two do. Of one that cannot be looked at nothing is known."""
    edges = inventory.edges
    seen = state.others.get(EDGES.key, {})
    if edges is None or not seen:
        return
    holders = [name for name, one in seen.items() if one.record[HOLDS]]
    vip = edges.vip.address.ip
    if len(holders) > 1:
        yield Fault(
            "",
            f"{' and '.join(holders)} both hold the edges' VIP {vip}",
            "let VRRP (IP protocol 112) pass between them, or write vrrp: {unicast: true}; "
            "`cluster logs edges` has what each heard",
        )
    elif not holders and len(seen) == len(edges.hosts):
        yield Fault(
            "", f"no edge holds the VIP {vip}", "`cluster logs edges` says why; `cluster deploy`"
            " starts what does not run",
        )  # fmt: skip


def edge_node_faults(inventory: Inventory, state: ClusterState) -> Iterator[Fault]:
    """Nodes that are not drained and that edges send nothing to."""
    out: dict[str, dict[str, str]] = {}
    for edge, seen in state.others.get(EDGES.key, {}).items():
        for one in seen.record.get(NODES) or ():
            if not one["ready"] and not one.get("drained"):
                out.setdefault(one["name"], {})[edge] = str(one.get("reason", ""))
    for node in all_nodes(inventory):
        if node.name in out and node.host not in state.runtime.drains:
            edges = out[node.name]
            which = f"{node.name} " if node.name != node.host else ""
            text = f"{which}gets nothing from {' and '.join(edges)}: {next(iter(edges.values()))}"
            yield Fault(node.host, text, _why_out(inventory, state, node, next(iter(edges))))


def _why_out(inventory: Inventory, state: ClusterState, node: Node, edge: str) -> str:
    server = state.real_servers.get(node.host)
    if server is None or server.service != "running" or not server.ready:
        return f"no more than a consequence: see what is said of {node.host} itself"
    address = inventory.real_servers.hosts[node.host].address
    return (
        f"{node.host} itself is ready. Just ready, it is taken back within seconds; else {edge} "
        f"cannot reach {endpoint(address, node.port)}: a firewall or network between them "
        f"(`cluster exec {edge} -- timeout 3 bash -c 'echo > /dev/tcp/{address}/{node.port}'` "
        "shows it)"
    )
