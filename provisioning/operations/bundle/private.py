"""Keeps secrets out of a bundle, which goes from hand to hand."""

import io
import re
import tarfile
from collections.abc import Collection, Iterator

from ...roles.release_archive import ReleaseArchive
from ..artifacts.store import Store
from ..cluster.cluster import Cluster
from ..support_bundle.known_secrets import known_secrets
from .errors import BundleError
from .manifest import Manifest

_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}")
_LARGEST = 1024 * 1024
"""Bytes of a file that may be a key; weights are larger."""
_SHORTEST = 8
"""Characters of a secret that nothing else has by chance."""


def refuse_private(
    cluster: Cluster, release: ReleaseArchive, manifest: Manifest, store: Store
) -> None:
    """Raise ``BundleError`` where a private key or a secret of the inventory would be in it.

    Packages of Debian and of the index are public, and are not looked at.
    """
    secrets = [one.encode() for one in known_secrets(cluster) if len(one) >= _SHORTEST]
    _require_none("what the inventory says", manifest.model_dump_json().encode(), secrets)
    for name, content in _of_release(release):
        _require_none(f"app.source: {name}", content, secrets)
    for name, artifact in manifest.artifacts.items():
        for file in artifact.files:
            if file.size <= _LARGEST:
                content = store.blob(file.sha256).read_bytes()
                _require_none(f"artifact {name}: {file.path}", content, secrets)


def _of_release(release: ReleaseArchive) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(release.data), mode="r:gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content.read()


def _require_none(where: str, content: bytes, secrets: Collection[bytes]) -> None:
    if _KEY.search(content):
        raise BundleError(f"{where}: is a private key; take it out of there")
    if any(secret in content for secret in secrets):
        raise BundleError(
            f"{where}: has a secret of the inventory in it; take it out of there, and let hosts "
            "get it from the inventory"
        )
