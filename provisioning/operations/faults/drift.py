"""Agreement of the nodes: the same peers, the same secret."""

from ...model.inventory import Inventory
from ...places import PEERS_FILE, SECRET_FILE
from ...roles.real_server.urls import peers
from ..cluster_state.state import ClusterState
from .fault import Fault

_DEPLOY = "`cluster deploy` writes it again"


def drift_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Nodes that would send a session astray, or take a peer for a stranger."""
    return [*_peers(inventory, state), *_secrets(state)]


def _peers(inventory: Inventory, state: ClusterState) -> list[Fault]:
    wanted = frozenset(peers(inventory))
    faults = []
    for name, server in state.real_servers.items():
        if server.peers is None or server.peers == wanted:
            continue
        parts = []
        if missing := sorted(node for node, _ in wanted - server.peers):
            parts.append(f"lacks {', '.join(missing)}")
        if more := sorted(f"{node} {url}" for node, url in server.peers - wanted):
            parts.append(f"has {', '.join(more)}")
        text = f"its list of peers ({PEERS_FILE}) {' and '.join(parts)}"
        faults.append(Fault(name, text, _DEPLOY))
    return faults


def _secrets(state: ClusterState) -> list[Fault]:
    holders: dict[str, list[str]] = {}
    faults = []
    for name, server in state.real_servers.items():
        if server.secret:
            holders.setdefault(server.secret, []).append(name)
        elif server.secret is not None:
            text = f"has no cluster secret ({SECRET_FILE}), so its peers do not believe it"
            faults.append(Fault(name, text, _DEPLOY))
    # While it is exchanged each accepts what others sign with.
    if len(holders) > 1 and state.rotation is None:
        # The rarest first: they are to be mended.
        groups = sorted(holders.values(), key=len)
        text = "the nodes have different cluster secrets: "
        text += ", others than ".join(" and ".join(names) for names in groups)
        faults.append(Fault("", text, "`cluster deploy` gives all of them the cluster's own"))
    return faults
