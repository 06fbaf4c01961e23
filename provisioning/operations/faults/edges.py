"""Faults of edges together: one of them has their VIP."""

from collections.abc import Iterator

from ...model.inventory import Inventory
from ...roles.edge.edge import EDGES
from ...roles.edge.view import HOLDS
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
