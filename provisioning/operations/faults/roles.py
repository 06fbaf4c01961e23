"""Faults of hosts whose roles stand by themselves."""

from collections.abc import Iterator

from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.fault import Fault


def role_faults(_inventory: Inventory, state: ClusterState) -> Iterator[Fault]:
    """Faults that the role itself finds."""
    for hosts in state.others.values():
        for name, host in hosts.items():
            for text, fix in host.faults:
                yield Fault(name, text, fix)
