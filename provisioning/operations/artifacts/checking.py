"""Checks every content of the artifacts against its checksum, here and on nodes."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...resources.artifact import Artifact, ArtifactFile
from ...resources.shell_call import quote_call
from ...transport.base import Transport
from ..cluster.cluster import Cluster
from .errors import ArtifactError
from .fetching import store_of


@dataclass(frozen=True, slots=True)
class Checked:
    """Faults of artifacts; none where all is well."""

    here: dict[str, list[str]]
    """Sentences by artifact."""
    hosts: dict[str, dict[str, list[str]]]
    """Sentences by host and artifact."""

    @property
    def ok(self) -> bool:
        """Tell whether nothing is wrong."""
        hosts = [one for said in self.hosts.values() for one in said.values()]
        return not any([*self.here.values(), *hosts])


def check(
    cluster: Cluster,
    fleet: Fleet,
    hosts: list[str],
    artifacts: dict[str, tuple[ArtifactFile, ...]],
) -> Checked:
    """Read all contents again. Hosts that cannot be reached are in ``fleet.errors``. A content of
    the store that is damaged is dropped, so that the next fetch brings it anew."""
    directory = str(cluster.inventory.app.directory)
    wanted = {name: Artifact(name, files) for name, files in artifacts.items()}

    def look(name: str, transport: Transport) -> dict[str, list[str]]:
        asked = {
            key: f"{quote_call('check_artifact', directory, one.folder)} "
            f"<<'LIST'\n{one.list_of_files}LIST"
            for key, one in wanted.items()
        }
        found = run_fragments(name, transport, asked)
        if bad := next((said for said in found.values() if said.status != 0), None):
            raise ArtifactError(f"{name}: {bad.stderr.strip() or f'status {bad.status}'}")
        return {key: found[key].stdout.splitlines() for key in asked}

    fleet.connect(hosts)
    return Checked(
        {name: _wrong_here(cluster, files) for name, files in artifacts.items()},
        fleet.each(hosts, look) if wanted else {},
    )


def _wrong_here(cluster: Cluster, files: tuple[ArtifactFile, ...]) -> list[str]:
    store = store_of(cluster)
    said = []
    for file in files:
        if not store.has(file.sha256, file.size):
            said.append(f"{file.path} is missing")
        elif not store.verify(file.sha256):
            said.append(f"{file.path} was damaged, and is dropped")
    return said
