"""All rules together."""

from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.claims import claim_faults
from provisioning.operations.faults.clocks import clock_faults
from provisioning.operations.faults.drift import drift_faults
from provisioning.operations.faults.fault import Fault
from provisioning.operations.faults.nodes import node_faults
from provisioning.operations.faults.releases import release_faults
from provisioning.operations.faults.roles import role_faults
from provisioning.operations.faults.shared_folder import shared_folder_faults
from provisioning.operations.faults.tables import (
    absent_server_faults,
    sync_faults,
    table_faults,
)
from provisioning.operations.faults.vip_holder import vip_holder_faults
from provisioning.operations.faults.vip_on_lo import vip_on_lo_faults

_RULES = (
    claim_faults,
    vip_holder_faults,
    table_faults,
    absent_server_faults,
    sync_faults,
    vip_on_lo_faults,
    node_faults,
    release_faults,
    shared_folder_faults,
    role_faults,
    drift_faults,
    clock_faults,
)


def _away(name: str) -> str:
    return (
        f"bring {name} and its network back; once `cluster ssh {name}` works, `cluster deploy`"
        " puts right what it may have lost"
    )


def all_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Everything that is wrong; hosts that could not be looked at come first."""
    unreachable = [
        Fault(name, f"cannot be looked at: {reason}", state.remedies.get(name) or _away(name))
        for name, reason in state.unreachable.items()
    ]
    return unreachable + [fault for rule in _RULES for fault in rule(inventory, state)]
