"""What a cluster remembers of itself, looked at and nothing held."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.cluster_record import CLUSTER_RECORD
from ...facts.gather import ask_each
from ...model.agreeing import agreed
from ...model.cluster_record import ClusterRecord
from ...model.way_in import way_in
from ..cluster.cluster import Cluster
from ..state_folder.runtime_state import load_record
from .working_fleet import records

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Memory:
    """The record that counts, and who has it."""

    record: ClusterRecord
    told: tuple[str, ...]
    """Things this folder did not know, for people."""
    found: dict[str, ClusterRecord]
    """Records of directors, or of edges alone, by name. One that has none is not in it."""


def remembered(cluster: Cluster, fleet: Fleet) -> Memory:
    """Ask the hosts that remember the cluster, in one round trip each. Raises
    ``OperationError`` where a host has a record that cannot be read."""
    keepers = way_in(cluster.inventory)
    fleet.connect(keepers)
    texts = ask_each(keepers, fleet, CLUSTER_RECORD, timeout=_TIMEOUT)
    found = records(cluster.inventory, texts)
    record, told = agreed(load_record(cluster.state_dir), found)
    return Memory(record, tuple(told), found)
