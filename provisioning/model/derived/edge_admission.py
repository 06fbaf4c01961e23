"""Numbers by which edges admit requests: computed, never typed. Pure."""

from ..edge import Admission, Edges
from ..inventory import Inventory
from .nodes import Node, all_nodes


def edge_places(inventory: Inventory, edges: Edges, node: Node) -> int:
    """Requests for jobs that a node gets at a time from an edge."""
    slots = node.slots or 1
    return slots + inventory.app.queue_size if edges.admission is Admission.QUEUE else slots


def edge_cap(inventory: Inventory, edges: Edges) -> int:
    """Requests for jobs that the whole cluster gets at a time from an edge."""
    return sum(edge_places(inventory, edges, node) for node in all_nodes(inventory))


def client_cap(inventory: Inventory, edges: Edges) -> int:
    """The share of one address."""
    return edges.per_client or max(1, edge_cap(inventory, edges) // 2)


def passed_on(edges: Edges, path: str) -> bool:
    """Tell whether a request with that path comes to a node."""
    return path.startswith((*edges.paths.jobs, *edges.paths.others))
