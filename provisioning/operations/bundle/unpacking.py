"""Puts what is in a bundle where it would be if this machine had fetched it."""

from collections.abc import Callable
from pathlib import Path

from ...facts.host_python import HostPython
from ..artifacts.fetching import store_of
from ..artifacts.lock_file import lock_path, read_lock, write_lock
from ..artifacts.store import Store, sha256_of
from ..cluster.cluster import Cluster
from ..release.wheel_sets import WheelSets, complete, is_complete
from ..release.wheelhouse import wheels_in
from .manifest import Content, Wheels
from .reading import Bundle

Tell = Callable[[str], None]


def unpack(bundle: Bundle, cluster: Cluster, tell: Tell) -> None:
    """Unpack wheels and artifacts, and read Debian packages, which stay in it; each by its
    checksum. What is here already is not unpacked again. Raises ``BundleError`` and
    ``ArtifactError``."""
    store = store_of(cluster)
    with store.held():
        wheels = _lacking_wheels(bundle, cluster)
        blobs = _lacking_blobs(bundle, store)
        store.require_room(sum(one.size for _, _, one in [*wheels, *blobs]))
        for one in bundle.manifest.distributions:
            tell(f"check {len(one.packages)} packages for {one.distribution}")
            bundle.check(one.place("Packages"), one.index)
            for package in one.packages:
                bundle.check(one.place(package.file), package)
        for place, target, content in wheels:
            _copy(bundle, place, content, target, store)
        for kind in bundle.manifest.pythons:
            folder = _folder(bundle, cluster, kind)
            if not is_complete(folder):
                tell(f"{len(kind.wheels)} wheels for {kind.python}")
                complete(folder, [wheel.line for wheel in wheels_in(folder)])
        for place, target, content in blobs:
            tell(f"unpack {place}")
            _copy(bundle, place, content, target, store)
        _lock(bundle, cluster)


def _lacking_wheels(bundle: Bundle, cluster: Cluster) -> list[tuple[str, Path, Content]]:
    found: list[tuple[str, Path, Content]] = []
    for kind in bundle.manifest.pythons:
        folder = _folder(bundle, cluster, kind)
        if is_complete(folder):
            continue
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        wanted = {wheel.file: wheel for wheel in kind.wheels}
        for path in folder.iterdir():
            wheel = wanted.get(path.name)
            if wheel is not None and sha256_of(path) == wheel.sha256:
                del wanted[path.name]
            else:
                path.unlink()
        found += [(kind.place(name), folder / name, wheel) for name, wheel in wanted.items()]
    return found


def _folder(bundle: Bundle, cluster: Cluster, kind: Wheels) -> Path:
    sets = WheelSets(cluster.state_dir / "wheels", bundle.manifest.release.wheels)
    return sets.folder(HostPython.read(kind.python))


def _lacking_blobs(bundle: Bundle, store: Store) -> list[tuple[str, Path, Content]]:
    files = {
        file.sha256: file
        for artifact in bundle.manifest.artifacts.values()
        for file in artifact.files
    }
    return [
        (f"artifacts/{sha256}", store.blob(sha256), file)
        for sha256, file in files.items()
        if not store.has(sha256, file.size)
    ]


def _copy(bundle: Bundle, place: str, content: Content, target: Path, store: Store) -> None:
    """Copy a file to its place, which it gets once its checksum is right."""
    part = store.part(content.sha256)
    part.parent.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        for piece in bundle.checked(place, content):
            file.write(piece)
    part.replace(target)


def _lock(bundle: Bundle, cluster: Cluster) -> None:
    path = lock_path(cluster.path)
    lock = read_lock(path)
    lock |= {name: one.locked for name, one in bundle.manifest.artifacts.items()}
    if lock:
        write_lock(path, lock)
