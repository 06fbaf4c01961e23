"""State of the host that exports the outputs folder. Pure."""

from dataclasses import dataclass

from ...model.storage import Storage
from ..disk_space import local_space
from ..exports import exported_to
from ..fact import Answers, View
from ..lan.interfaces import INTERFACES
from ..nfs_server import NFS_THREADS


@dataclass(frozen=True, slots=True)
class StorageState:
    """The host that exports the outputs folder. Sizes are bytes."""

    exported_to: tuple[str, ...]
    """Clients of the export (exports(5) names); empty where the folder is not exported."""
    threads: int
    """NFS server threads; 0 where the server does not run."""
    free: int
    size: int


def storage_view(storage: Storage) -> View[StorageState]:
    """Facts of the host with the outputs folder. Their combination raises
    ``InterfacesFormatError``."""
    clients, space = exported_to(str(storage.export)), local_space(str(storage.export))

    def combine(seen: Answers) -> StorageState:
        # A host whose addresses cannot be told counts as not seen, whatever its role.
        _ = seen[INTERFACES]
        return StorageState(seen[clients], seen[NFS_THREADS], seen[space].free, seen[space].size)

    return View((NFS_THREADS, clients, space, INTERFACES), combine)
