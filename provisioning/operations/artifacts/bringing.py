"""Brings the contents of artifacts to hosts whose plans put them together.

From the control machine to several hosts at a time, over the connections that there are. A content
arrives piece by piece and gets its name when its checksum is right, so whatever is cut goes on
where it was, and one that a host has from another version does not travel.
"""

from base64 import encodebytes
from collections.abc import Iterator

from ...engine.observe import run_fragments
from ...engine.progress import Event, Progress
from ...resources.artifact import ArtifactFile, Artifacts, size_text
from ...resources.shell_call import quote_call
from ...roles.release_archive import ReleaseArchive
from ...transport.base import Transport
from ..operation import Operation
from ..planning import Plans
from .errors import ArtifactError
from .fetching import fetch, store_of
from .store import Store

_PIECE = 8 * 1024 * 1024
"""Bytes that travel at a time."""
_HERE = "control machine"


def bring_artifacts(op: Operation, release: ReleaseArchive, plans: Plans) -> None:
    """Bring connected hosts what their plans need. Raises ``ArtifactError``; a host that is lost on
    the way is in ``fleet.errors``."""
    directory = str(op.cluster.inventory.app.directory)
    step = Artifacts(directory=directory).id
    names = [
        name
        for name, plan in plans.hosts.items()
        if not plan.blocked and any(one.id == step for one in plan.steps)
    ]
    if not names or not release.artifacts:
        return
    store = _filled(op, release)
    files = {file.blob: file for one in release.artifacts.values() for file in one}
    bringing = _Bringing(directory, files, store, op.progress)
    op.fleet.each(names, bringing.to_host)


def _filled(op: Operation, release: ReleaseArchive) -> Store:
    """The store, with all that may have to travel."""
    store = store_of(op.cluster)
    lacking = [
        name
        for name, files in release.artifacts.items()
        if not all(store.has(file.sha256, file.size) for file in files)
    ]
    if lacking:
        op.progress(Event("step", _HERE, f"fetch {', '.join(lacking)}"))
        found = fetch(op.cluster, lacking)
        for name in lacking:
            if {*found[name].contents} != {*release.artifacts[name]}:
                raise ArtifactError(f"artifact {name} has changed meanwhile; run this again")
    return store


class _Bringing:
    """Contents on their way to hosts."""

    def __init__(
        self, directory: str, files: dict[str, ArtifactFile], store: Store, progress: Progress
    ) -> None:
        self._directory, self._files = directory, files
        self._store, self._progress = store, progress

    def to_host(self, name: str, transport: Transport) -> bool:
        """Bring all that the host lacks."""
        look = quote_call("look_for_blobs", self._directory)
        listed = "".join(file.line for file in self._files.values())
        said = self._ask(name, transport, f"{look} <<'LIST'\n{listed}LIST")
        there = dict(line.split() for line in said.splitlines())
        lacking = {
            blob: int(there.get(blob, "0"))
            for blob in self._files
            if there.get(blob, "0") != "there"
        }
        total = sum(self._files[blob].size for blob in lacking)
        done = 0
        for blob, offset in lacking.items():
            file = self._files[blob]
            for reached in self._send(name, transport, file, min(offset, file.size)):
                text = f"bring {file.path}, {size_text(done + reached)} of {size_text(total)}"
                self._progress(Event("step", name, text))
            done += file.size
        self._progress(Event("done", name, f"has the artifacts' {len(self._files)} files"))
        return True

    def _send(
        self, name: str, transport: Transport, file: ArtifactFile, offset: int
    ) -> Iterator[int]:
        """Send the rest of a content; yields the bytes that are there. The last piece, be it empty,
        gives it its name."""
        with self._store.blob(file.sha256).open("rb") as source:
            source.seek(offset)
            while True:
                piece = source.read(_PIECE)
                add = quote_call("add_to_blob", self._directory, file.blob, str(offset))
                offset += len(piece)
                finish = quote_call("finish_blob", self._directory, file.blob)
                last = f"\n{finish}" if offset >= file.size else ""
                text = encodebytes(piece).decode()
                self._ask(name, transport, f"{add} <<'BASE64'\n{text}BASE64{last}")
                yield offset
                if last:
                    return

    def _ask(self, name: str, transport: Transport, fragment: str) -> str:
        said = run_fragments(name, transport, {"artifacts": fragment})["artifacts"]
        if said.status != 0:
            raise ArtifactError(f"{name}: {said.stderr.strip() or f'status {said.status}'}")
        return said.stdout
