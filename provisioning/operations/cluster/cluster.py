"""A cluster: an inventory in use, and the folder beside it."""

from dataclasses import dataclass
from pathlib import Path

from ...model.cluster_record import ClusterRecord
from ...model.derived.forks import forks_of
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ..state_folder.runtime_state import load_record


@dataclass(frozen=True, slots=True)
class Cluster:
    """An inventory and its folder."""

    inventory: Inventory
    path: Path
    """The inventory file."""

    @property
    def base_dir(self) -> Path:
        """Base of relative paths in the inventory."""
        return self.path.resolve().parent

    @property
    def state_dir(self) -> Path:
        """The control machine's memory of this cluster: history and lock."""
        return self.base_dir / ".cluster" / self.inventory.name

    @property
    def forks(self) -> int:
        """Hosts worked on at a time, where the command line does not say."""
        return forks_of(self.inventory)

    @property
    def record(self) -> ClusterRecord:
        """Record of the cluster in this folder, read anew. Raises ``RuntimeStateError``."""
        return load_record(self.state_dir)

    @property
    def runtime(self) -> Runtime:
        """Drains, pins and the like, read anew. Raises ``RuntimeStateError``."""
        return self.record.runtime

    @property
    def history_dir(self) -> Path:
        """Folder of the journals."""
        return self.state_dir / "history"
