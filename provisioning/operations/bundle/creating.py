"""Makes a bundle: fetches what a deploy would bring or let hosts fetch, and packs it."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...facts.host_python import HostPython
from ...roles.release_archive import ReleaseArchive
from ..artifacts.fetching import Watch, companions, fetch, store_of
from ..artifacts.lock_file import Locked
from ..cluster.cluster import Cluster
from ..release import build_release
from ..release.wheel_sets import WheelSets
from ..release.wheelhouse import Wheel, fetch_wheels
from ..run.operator_name import operator_name
from .apt import fetch_packages, place_of
from .fitting import settings
from .looking import Machines
from .manifest import (
    FORMAT,
    BundledArtifact,
    LockedContent,
    Manifest,
    Packages,
    Release,
    Wheels,
)
from .manifest import Wheel as BundledWheel
from .private import refuse_private
from .writing import write_bundle

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Created:
    """A bundle that was made."""

    id: str
    manifest: Manifest


def create(cluster: Cluster, machines: Machines, path: Path, tell: Tell, watch: Watch) -> Created:
    """Fetch everything and write the bundle. What was fetched before is not fetched again. Raises
    ``BundleError``, ``ArtifactError``, ``ReleaseError`` and ``SecretError``."""
    locked = fetch(cluster, None, watch)
    release = _release(cluster)
    packing = _Packing(cluster, release, {}, tell)
    distributions = tuple(packing.packages(machines))
    pythons = tuple(packing.wheels(kind) for kind in machines.pythons)
    artifacts = {name: packing.artifact(one) for name, one in locked.items()}
    manifest = Manifest(
        version=FORMAT,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        by=operator_name(),
        cluster=cluster.inventory.name,
        wanted=settings(cluster.inventory),
        release=_described(release),
        distributions=distributions,
        pythons=pythons,
        artifacts=artifacts,
    )
    tell("look for secrets")
    refuse_private(cluster, release, manifest, store_of(cluster))
    tell("write the bundle")
    return Created(write_bundle(path, manifest, release.data, packing.files), manifest)


def _release(cluster: Cluster) -> ReleaseArchive:
    """The release, with an environment from wheels, wherever hosts would have their packages
    from."""
    app = cluster.inventory.app
    if app.venv is not None:
        app = app.model_copy(update={"venv": app.venv.model_copy(update={"wheelhouse": True})})
    return build_release(app, cluster.base_dir, companions(cluster))


def _described(release: ReleaseArchive) -> Release:
    environment = release.environment
    return Release(
        size=len(release.data),
        sha256=hashlib.sha256(release.data).hexdigest(),
        id=release.id,
        about=release.about,
        wheels=environment.wheels if environment else None,
        highlight=environment.highlight if environment else "",
    )


@dataclass(frozen=True, slots=True)
class _Packing:
    """The files of a bundle while they are gathered."""

    cluster: Cluster
    release: ReleaseArchive
    files: dict[str, Path]
    """By their places in the bundle."""
    tell: Tell

    def packages(self, machines: Machines) -> list[Packages]:
        found = []
        for distribution, names in machines.packages.items():
            folder = self.cluster.state_dir / "packages" / str(distribution)
            fetched = fetch_packages(distribution, names, folder, self.tell)
            one = fetched.manifest
            self.files[one.place("Packages")] = fetched.folder / "Packages"
            for package in one.packages:
                self.files[one.place(package.file)] = place_of(fetched.folder, package)
            found.append(one)
        return found

    def wheels(self, kind: HostPython) -> Wheels:
        environment, venv = self.release.environment, self.cluster.inventory.app.venv
        assert environment is not None and venv is not None
        index = venv.index_url.address() if venv.index_url else None
        sets = WheelSets(self.cluster.state_dir / "wheels", environment.wheels)
        self.tell(f"wheels for {kind}")
        fetched = fetch_wheels(self.release.needs, kind, sets, index, self.tell)
        found = Wheels(python=str(kind), wheels=tuple(map(_wheel, fetched)))
        self.files.update((found.place(one.path.name), one.path) for one in fetched)
        return found

    def artifact(self, one: Locked) -> BundledArtifact:
        store = store_of(self.cluster)
        for file in one.contents:
            self.files[f"artifacts/{file.sha256}"] = store.blob(file.sha256)
        contents = tuple(
            LockedContent(
                size=each.file.size,
                sha256=each.file.sha256,
                path=each.file.path,
                executable=each.file.executable,
                url=each.url,
            )
            for each in one.files
        )
        return BundledArtifact(source=dict(one.source), revision=one.revision, files=contents)


def _wheel(wheel: Wheel) -> BundledWheel:
    with zipfile.ZipFile(wheel.path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    size = wheel.path.stat().st_size
    return BundledWheel(file=wheel.path.name, size=size, sha256=wheel.sha256, unpacked=unpacked)
