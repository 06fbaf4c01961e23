"""The memory of a cluster, looked at and nothing held."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.cluster_record import CLUSTER_RECORD, RUN_HOLDER
from ...facts.fact import Answers
from ...facts.gather import gather
from ...model.agreeing import agreed
from ...model.cluster_record import ClusterRecord
from ...model.derived.way_in import way_in
from ...transport.base import Transport
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
    holders: dict[str, str]
    """The run that holds a host now, by name of the host; empty texts where none does."""

    @property
    def asked(self) -> list[str]:
        """Names of the hosts that answered."""
        return list(self.holders)

    @property
    def held_by(self) -> str:
        """The run under way; empty where there is none."""
        return next((holder for holder in self.holders.values() if holder), "")


def remembered(cluster: Cluster, fleet: Fleet) -> Memory:
    """Ask the hosts that remember the cluster, in one round trip each. Raises
    ``OperationError`` where a host has a record that cannot be read."""
    keepers = way_in(cluster.inventory)
    fleet.connect(keepers)

    def look(name: str, transport: Transport) -> Answers:
        return gather(name, transport, (CLUSTER_RECORD, RUN_HOLDER), timeout=_TIMEOUT)

    seen = fleet.each(keepers, look)
    texts = {name: answers[CLUSTER_RECORD] for name, answers in seen.items()}
    found = records(cluster.inventory, texts)
    record, told = agreed(load_record(cluster.state_dir), found)
    holders = {name: answers[RUN_HOLDER] for name, answers in seen.items()}
    return Memory(record, tuple(told), found, holders)
