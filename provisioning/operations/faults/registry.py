"""All rules together."""

from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .certificates import certificate_faults
from .claims import claim_faults
from .clocks import clock_faults
from .drift import drift_faults
from .edges import edge_faults, edge_node_faults
from .fault import Fault
from .gpus import gpu_faults
from .nodes import node_faults
from .releases import release_faults
from .roles import role_faults
from .shared_folder import shared_folder_faults
from .tables import (
    absent_server_faults,
    sync_faults,
    table_faults,
)
from .vip_holder import vip_holder_faults
from .vip_on_lo import vip_on_lo_faults

_RULES = (
    claim_faults,
    vip_holder_faults,
    table_faults,
    absent_server_faults,
    sync_faults,
    vip_on_lo_faults,
    node_faults,
    certificate_faults,
    gpu_faults,
    release_faults,
    shared_folder_faults,
    role_faults,
    edge_faults,
    edge_node_faults,
    drift_faults,
    clock_faults,
)


def _away(name: str) -> str:
    return (
        f"bring {name} and its network back; once `cluster ssh {name}` works, `cluster deploy`"
        " puts right what it may have lost"
    )


def all_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Everything that is wrong; hosts that could not be looked at come first, and those that were
    not to be looked at have no faults."""
    unreachable = [
        Fault(name, f"cannot be looked at: {reason}", state.remedies.get(name) or _away(name))
        for name, reason in state.unreachable.items()
    ]
    found = unreachable + [fault for rule in _RULES for fault in rule(inventory, state)]
    return [fault for fault in found if fault.host not in state.left_out]
