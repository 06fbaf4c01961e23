"""Fetches artifacts to the control machine's store, and says which bytes they are."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ...model.artifact import Artifact, last_part
from ...model.derived.engine_needs import artifacts_of, needed_files
from ...model.secrets.secret import reveal
from ...resources.artifact import ArtifactFile
from ..cluster.cluster import Cluster
from ..release import Companions
from .checkout import check_out, require_submodules
from .completeness import require_files
from .download import Tell, Wanted, Web, download, web
from .errors import ArtifactError
from .hubs import listing
from .local_files import files_below, is_packed, unpacked
from .lock_file import Locked, LockedFile, lock_path, read_lock, source_of, write_lock
from .store import Store

_POINTER, _POINTER_SIZE = b"version https://git-lfs.github.com/spec/", 1024
"""Begin and most bytes of what stands for a large file where git-lfs is not installed."""
Watch = Callable[[str, str, int, int], None]
"""Told of an artifact, a file of it, the bytes that are there and how many there will be."""


def silent(_artifact: str, _file: str, _there: int, _total: int) -> None:
    """A watcher that looks away."""


def store_of(cluster: Cluster) -> Store:
    """The cluster's store."""
    return Store(cluster.state_dir / "artifacts")


def brought(cluster: Cluster) -> dict[str, Artifact]:
    """The artifacts that are brought to nodes, by name."""
    every = artifacts_of(cluster.inventory).items()
    return {name: artifact for name, artifact in every if artifact.on_nodes is None}


def unknown(cluster: Cluster) -> list[str]:
    """Names of artifacts of which it is not known which bytes they are now: they were never
    fetched, the inventory says another source, or a folder here has changed. Raises
    ``ArtifactError``."""
    lock, store = read_lock(lock_path(cluster.path)), store_of(cluster)
    return [
        name
        for name, artifact in brought(cluster).items()
        if not _is_current(name, artifact, lock, store)
    ]


def _is_current(name: str, artifact: Artifact, lock: Mapping[str, Locked], store: Store) -> bool:
    locked = lock.get(name)
    if locked is None or locked.source != source_of(artifact):
        return False
    return artifact.path is None or store.recalls(_marked(artifact.path), locked.contents)


def _marked(path: Path) -> dict[str, Path]:
    """The files that a path on this machine stands for, as far as they can be looked at."""
    if path.is_dir():
        return dict(files_below(path))
    return {path.name: path}


def known(cluster: Cluster) -> dict[str, tuple[ArtifactFile, ...]]:
    """The files of each artifact, from the lock file alone. Raises ``ArtifactError``."""
    if names := unknown(cluster):
        raise ArtifactError(
            f"{', '.join(names)}: not fetched yet, or changed since; run `cluster artifacts fetch`"
        )
    lock, needed = read_lock(lock_path(cluster.path)), needed_files(cluster.inventory)
    found = {name: lock[name].contents for name in brought(cluster)}
    for name, files in found.items():
        _require(name, [file.path for file in files], needed.get(name, []))
    return found


def _require(name: str, paths: Collection[str], needed: Collection[str]) -> None:
    try:
        require_files(paths, needed)
    except ArtifactError as error:
        raise ArtifactError(f"artifact {name}: {error}") from None


def companions(cluster: Cluster) -> Companions:
    """Artifacts as a release leads to them. Raises ``ArtifactError`` as ``known`` does."""
    every = artifacts_of(cluster.inventory).items()
    on_nodes = {name: one.on_nodes for name, one in every if one.on_nodes is not None}
    return Companions(known(cluster), on_nodes)


def fetch(
    cluster: Cluster, names: Collection[str] | None = None, watch: Watch = silent
) -> dict[str, Locked]:
    """Fetch what the store lacks of these artifacts (None: of all), and write down what is new.

    Whatever is cut goes on where it was. Raises ``ArtifactError`` and ``SecretError``.
    """
    store, path = store_of(cluster), lock_path(cluster.path)
    wanted = {n: a for n, a in brought(cluster).items() if names is None or n in names}
    needed = needed_files(cluster.inventory)
    with store.held():
        lock = {n: one for n, one in read_lock(path).items() if n in brought(cluster)}
        for name, artifact in wanted.items():
            old = lock.get(name)
            if old is not None and old.source != source_of(artifact):
                old = None
            try:
                files = needed.get(name, [])
                found = _fetched(cluster, name, artifact, old, store, watch, files)
                require_files([one.path for one in found.contents], files)
                lock[name] = found
            except ArtifactError as error:
                raise ArtifactError(f"artifact {name}: {error}") from None
            except OSError as error:
                raise ArtifactError(
                    f"artifact {name}: {error.filename or store.folder}: {error.strerror}"
                ) from None
            write_lock(path, lock)
    return {name: lock[name] for name in wanted}


def _fetched(
    cluster: Cluster,
    name: str,
    artifact: Artifact,
    old: Locked | None,
    store: Store,
    watch: Watch,
    needed: Collection[str],
) -> Locked:
    source = source_of(artifact)
    if artifact.path is not None:
        return Locked(source, None, _from_path(artifact, artifact.path, store))
    if old is not None and all(store.has(one.file.sha256, one.file.size) for one in old.files):
        return old
    if artifact.git is not None:
        return _same(old, Locked(source, artifact.commit, _from_git(artifact, store)))
    token = reveal(artifact.token, cluster.base_dir) if artifact.token else None
    with web(token) as way:
        if old is not None:
            wanted = {
                one.file.path: Wanted(one.url or "", one.file.sha256, one.file.size)
                for one in old.files
            }
            return Locked(source, old.revision, _from_web(name, wanted, way, store, watch))
        revision, wanted = _listed(artifact, way)
        # Said before gigabytes are fetched.
        require_files(wanted, needed)
        return Locked(source, revision, _from_web(name, wanted, way, store, watch))


def _listed(artifact: Artifact, way: Web) -> tuple[str | None, dict[str, Wanted]]:
    if artifact.files is not None:
        return None, {one.inner_path: Wanted(one.url, one.sha256) for one in artifact.files}
    if artifact.url is not None:
        return None, {last_part(artifact.url): Wanted(artifact.url, artifact.sha256)}
    found = listing(artifact, way)
    return found.revision, found.files


def _from_web(
    name: str, wanted: dict[str, Wanted], way: Web, store: Store, watch: Watch
) -> tuple[LockedFile, ...]:
    for path in wanted:
        _require_inside(path)
    lacking = {path: one for path, one in wanted.items() if not _has(store, one)}
    sizes = {path: one.size if one.size is not None else way.size(one.url) or 0
             for path, one in lacking.items()}  # fmt: skip
    store.require_room(sum(sizes.values()) - sum(store.begun(one.key) for one in lacking.values()))
    done, total = 0, sum(sizes.values())
    found = []
    for path, one in wanted.items():
        if path not in lacking and one.sha256 is not None:
            size = store.blob(one.sha256).stat().st_size
            found.append(LockedFile(ArtifactFile(path, size, one.sha256), one.url))
            continue
        tell = _telling(name, path, done, total, watch)
        digest, size = download(way, one, store, tell)
        done += sizes[path] or size
        found.append(LockedFile(ArtifactFile(path, size, digest), one.url))
    return tuple(found)


def _telling(name: str, path: str, done: int, total: int, watch: Watch) -> Tell:
    def tell(there: int, of: int) -> None:
        watch(name, path, done + there, max(total, done + of))

    return tell


def _has(store: Store, one: Wanted) -> bool:
    if one.sha256 is None:
        return False
    return store.has(one.sha256, one.size) if one.size is not None else store.is_whole(one.sha256)


def _require_inside(path: str) -> None:
    try:
        ArtifactFile(path, 0, "0" * 64)
    except ValueError as error:
        raise ArtifactError(f"the hub lists a file that cannot be taken: {error}") from None


def _from_path(artifact: Artifact, path: Path, store: Store) -> tuple[LockedFile, ...]:
    if path.is_dir():
        require_submodules(path, str(path))
        return _taken(dict(files_below(path)), store)
    if not path.is_file():
        raise ArtifactError(f"there is no file or folder {path}")
    found = _taken({path.name: path}, store)
    if artifact.sha256 not in (None, found[0].file.sha256):
        raise ArtifactError(
            f"{path}: its checksum is {found[0].file.sha256} and should be {artifact.sha256}; "
            "bring the right file, or correct sha256:"
        )
    if not is_packed(path):
        return found
    store.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store.folder) as scratch:
        root = unpacked(path, Path(scratch) / "content")
        require_submodules(root, str(path))
        return _adopted(dict(files_below(root, root)), store)


def _from_git(artifact: Artifact, store: Store) -> tuple[LockedFile, ...]:
    url, commit = artifact.git or "", artifact.commit or ""
    root = store.checkout(url, commit)
    root.mkdir(parents=True, exist_ok=True)
    # It is asked all the while, as nobody says beforehand how large a repository is.
    store.require_room(0)
    check_out(url, commit, root, store.is_full)
    found = _adopted(dict(files_below(root, root)), store)
    shutil.rmtree(root)
    return found


def _same(old: Locked | None, new: Locked) -> Locked:
    """A commit always has the same files; a submodule's server could say otherwise."""
    if old is not None and {*old.contents} != {*new.contents}:
        raise ArtifactError(
            "the commit has other files than the lock file says; find out who changed them, or "
            "remove its entry there"
        )
    return new


def _taken(files: dict[str, Path], store: Store) -> tuple[LockedFile, ...]:
    _require_content(files)
    # A file that links give further names is taken once.
    places = {*files.values()}
    store.require_room(sum(path.stat().st_size for path in places if not store.knows(path)))
    executable = {path: os.access(place, os.X_OK) for path, place in files.items()}
    return _as_files(store.take(files), executable)


def _adopted(files: dict[str, Path], store: Store) -> tuple[LockedFile, ...]:
    _require_content(files)
    executable = {path: os.access(place, os.X_OK) for path, place in files.items()}
    return _as_files(store.adopt(files), executable)


def _as_files(
    found: Mapping[str, tuple[str, int]], executable: Mapping[str, bool]
) -> tuple[LockedFile, ...]:
    taken = []
    for path, (digest, size) in found.items():
        try:
            taken.append(LockedFile(ArtifactFile(path, size, digest, executable[path])))
        except ValueError as error:
            # It names the file, quoted: a name may have anything in it.
            raise ArtifactError(f"cannot be taken: {error}; rename it") from None
    return tuple(taken)


def _require_content(files: Mapping[str, Path]) -> None:
    if not files:
        raise ArtifactError("there are no files in it")
    for path, place in files.items():
        if place.stat().st_size < _POINTER_SIZE and place.read_bytes().startswith(_POINTER):
            raise ArtifactError(
                f"{path} is not there: in its place is a pointer of Git LFS. Install git-lfs here, "
                "or take a model from its hub (huggingface:, modelscope:)"
            )
