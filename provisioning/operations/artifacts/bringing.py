"""Brings the contents of artifacts to hosts whose plans put them together.

A content gets its name when its checksum is right, so whatever is cut goes on where it was, and one
that a host has from another version does not travel.
"""

from ...engine.progress import Event
from ...resources.artifact import ArtifactFile, Artifacts
from ...roles.release_archive import ReleaseArchive
from ..operation import Operation
from ..planning import Plans
from ..release.interpreter import install_interpreters
from ..spreading.content import Content
from ..spreading.real_servers import helpers, real_servers
from ..spreading.spreading import spread
from .errors import ArtifactError
from .fetching import fetch, store_of
from .store import Store

_HERE = "control machine"


def bring_artifacts(op: Operation, release: ReleaseArchive, plans: Plans) -> None:
    """Bring connected hosts what their plans need. Raises ``ArtifactError`` and ``SpreadError``; a
    host that is lost on the way is in ``fleet.errors``."""
    inventory = op.cluster.inventory
    step = Artifacts(directory=str(inventory.app.directory)).id
    names = [
        name
        for name, plan in plans.hosts.items()
        if not plan.blocked and any(one.id == step for one in plan.steps)
    ]
    if not names or not release.artifacts:
        return
    store = _filled(op, release)
    files = {file.blob: file for one in release.artifacts.values() for file in one}
    contents = [_content(file, store) for file in files.values()]
    install_interpreters(names, str(inventory.app.base_python), plans, op.fleet, op.progress)
    spread(
        op.fleet,
        real_servers(op.cluster),
        names,
        contents,
        op.progress,
        helpers=helpers(op.cluster, names),
    )


def _content(file: ArtifactFile, store: Store) -> Content:
    return Content(
        store.blob(file.sha256),
        f"artifacts/.blobs/{file.blob}",
        f"artifacts/.parts/{file.blob}",
        file.sha256,
        file.size,
        0o755 if file.executable else 0o644,
    )


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
