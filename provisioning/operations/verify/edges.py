"""The edges' VIP answers a client, and one edge has it."""

import json

from ...facts.http_replies import HttpReply, HttpTarget
from ...model.address import endpoint
from ...model.derived.edge_admission import passed_on
from ...model.derived.nodes import all_nodes
from ...model.derived.way_in import edges_alone
from ...model.edge import Edges
from ...model.inventory import Inventory
from ...node_api import SPEECH, STATUS
from ...roles.edge.edge import EDGES
from ...roles.edge.view import HOLDS
from ..cluster_state.state import ClusterState
from ..faults.edges import edge_faults, edge_node_faults
from ..faults.fault import Fault
from .check import CheckResult
from .client_report import ClientReport
from .host_checks import from_faults


def edge_targets(inventory: Inventory) -> dict[str, HttpTarget]:
    """The place where a client asks the edges how the nodes are; none without edges."""
    edges = inventory.edges
    if edges is None:
        return {}
    port = _port(inventory, edges)
    target = HttpTarget(edges.vip.address.ip, port, STATUS, tls=inventory.tls is not None)
    return {_place(inventory, edges): target}


def check_edges_inside(inventory: Inventory, state: ClusterState) -> list[CheckResult]:
    """Each edge serves and sends to every node, one has the VIP; nothing without edges. Pure."""
    if inventory.edges is None:
        return []
    seen = state.others.get(EDGES.key, {})
    faults = list(edge_faults(inventory, state))
    faults += [Fault(name, *fault) for name, one in seen.items() for fault in one.faults]
    holder = ", ".join(name for name, one in seen.items() if one.record[HOLDS])
    evidence = f"{inventory.edges.vip.address.ip} is on {holder}; {', '.join(seen)} serve"
    nodes = ", ".join(node.name for node in all_nodes(inventory))
    return [
        from_faults("edges serve, and one holds their VIP", faults, seen, evidence),
        from_faults(
            "every node is in service at the edges",
            list(edge_node_faults(inventory, state)),
            seen,
            f"{nodes} at {', '.join(seen)}",
        ),
    ]


def edge_speech(inventory: Inventory) -> HttpTarget | None:
    """The place where a client has the edges alone speak; None where they do not pass that on."""
    edges = edges_alone(inventory)
    if edges is None or not passed_on(edges, SPEECH):
        return None
    tls = inventory.tls is not None
    return HttpTarget(edges.vip.address.ip, _port(inventory, edges), SPEECH, tls=tls)


def check_edges_outside(inventory: Inventory, report: ClientReport) -> list[CheckResult]:
    """A client gets the nodes' state at the edges' VIP; nothing without edges. Pure."""
    edges = inventory.edges
    if edges is None:
        return []
    place = _place(inventory, edges)
    name = f"{place} admits jobs"
    replies = report.replies.get(place, ())
    if not replies:
        return [CheckResult(name, False, "no connection was made", "see the other checks")]
    said, problem = _status(replies[0])
    if problem:
        return [CheckResult(name, False, problem, "`cluster status` shows the edges")]
    evidence = f"{said['healthy']} of {said['nodes']} nodes, {said['total_capacity']} at a time"
    return [CheckResult(name, said["status"] == "healthy", evidence, "`cluster status` says why")]


def _port(inventory: Inventory, edges: Edges) -> int:
    return inventory.tls.port if inventory.tls else edges.port


def _place(inventory: Inventory, edges: Edges) -> str:
    return endpoint(edges.vip.address.ip, _port(inventory, edges))


def _status(reply: HttpReply) -> tuple[dict[str, object], str]:
    """Nodes in the words of an edge, or the reason for its silence."""
    if reply.status is None:
        return {}, reply.error
    try:
        body = json.loads(reply.text)
        found = {key: body[key] for key in ("status", "healthy", "total_capacity")}
        return {**found, "nodes": len(body["nodes"])}, ""
    except (KeyError, TypeError, ValueError):
        return {}, f"HTTP status {reply.status}, and not the state of the nodes"
