"""A check that a bundle is for this inventory, and the release in it."""

import io
import tarfile
from typing import Any

from ...model.app_source import without_login
from ...model.derived.engine_needs import artifacts_of, engine_requirements, wanted_extras
from ...model.inventory import Inventory
from ...resources.environment import Environment
from ...roles.release_archive import ReleaseArchive
from ..artifacts.lock_file import lock_path, read_lock, source_of
from ..cluster.cluster import Cluster
from ..release import Companions, build_release
from .errors import BundleError
from .manifest import RELEASE
from .reading import Bundle

_ANEW = "make it anew with `cluster bundle create`"


def settings(inventory: Inventory) -> dict[str, Any]:
    """The settings of an inventory that decide what is in its bundle, by their names there."""
    app = inventory.app
    found: dict[str, Any] = {
        "app.source": without_login(app.source),
        "app.ref": app.ref,
        "app.venv": None,
        "app.engine": [*wanted_extras(app), *engine_requirements(app)],
    }
    if app.venv is not None:
        kept = {"python", "extras", "requirements"}
        found["app.venv"] = app.venv.model_dump(mode="json", include=kept)
    for name, artifact in artifacts_of(inventory).items():
        found[f"artifact {name}"] = source_of(artifact)
    return found


def release_of(bundle: Bundle, cluster: Cluster) -> ReleaseArchive:
    """The release in a bundle. Raises ``BundleError`` where the bundle was made for something else
    than the inventory says now."""
    _require_settings(bundle, cluster.inventory)
    _require_artifacts(bundle, cluster)
    said = bundle.manifest.release
    data = b"".join(bundle.checked(RELEASE, said))
    _require_archive(bundle, data)
    _require_same_program(bundle, cluster)
    environment = Environment(wheels=said.wheels, highlight=said.highlight) if said.wheels else None
    return ReleaseArchive(said.id, data, said.about, environment, {}, _brought(bundle))


def _brought(bundle: Bundle) -> dict[str, Any]:
    return {name: one.locked.contents for name, one in bundle.manifest.artifacts.items()}


def _require_settings(bundle: Bundle, inventory: Inventory) -> None:
    then, now = bundle.manifest.wanted, settings(inventory)
    for key in [*now, *then]:
        if then.get(key) != now.get(key):
            raise BundleError(
                f"{bundle.path}: was made with another {key} than the inventory has now; {_ANEW}, "
                f"or use the inventory that it was made with"
            )


def _require_artifacts(bundle: Bundle, cluster: Cluster) -> None:
    """Bytes that everybody agreed on are in the lock file."""
    lock = read_lock(lock_path(cluster.path))
    for name, one in bundle.manifest.artifacts.items():
        known = lock.get(name)
        if known is None or known.source != one.source:
            continue
        if {*known.contents} != {*one.locked.contents}:
            raise BundleError(
                f"{bundle.path}: has other files of artifact {name} than {lock_path(cluster.path)} "
                f"says; {_ANEW}"
            )


def _require_same_program(bundle: Bundle, cluster: Cluster) -> None:
    """The app that comes with this program goes with its templates."""
    app, said = cluster.inventory.app, bundle.manifest.release
    if app.source != "builtin":
        return
    every = artifacts_of(cluster.inventory).items()
    on_nodes = {name: one.on_nodes for name, one in every if one.on_nodes is not None}
    ours = build_release(app, cluster.base_dir, Companions(_brought(bundle), on_nodes))
    if ours.id != said.id:
        raise BundleError(
            f"{bundle.path}: holds the app as release {said.id}, and the one that comes with this "
            f"program is {ours.id}; {_ANEW}, or use the version of this program that made it"
        )


def _require_archive(bundle: Bundle, data: bytes) -> None:
    """Nothing in a release is to be written elsewhere."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            names = [(one.name, one.isreg() or one.issym()) for one in archive]
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BundleError(f"{bundle.path}: its release cannot be read ({error}); {_ANEW}") from None
    for name, usual in names:
        if not usual or name.startswith("/") or ".." in name.split("/"):
            raise BundleError(f"{bundle.path}: its release wants to write {name!r}; {_ANEW}")
