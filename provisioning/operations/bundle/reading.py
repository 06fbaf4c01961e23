"""Reads a bundle: its manifest at once, its files where they are needed, each checked by its
SHA-256."""

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from .errors import BundleError
from .manifest import CHECKSUM, FORMAT, MANIFEST, Content, Manifest

_CHUNK = 1 << 20
_LONGEST = 64 * 1024 * 1024
"""Bytes of a manifest at most."""
_AGAIN = "copy it again, or make it anew with `cluster bundle create`"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that is there whole, as far as sizes tell."""

    path: Path
    manifest: Manifest
    id: str
    """SHA-256 of the manifest, which stands for all of it."""
    places: Mapping[str, int]
    """Offset of each file, by its place."""

    def pieces(self, place: str, content: Content, offset: int = 0) -> Iterator[bytes]:
        """Content of a file from an offset on. Raises ``BundleError`` where it cannot be read."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.places[place] + offset)
                left = content.size - offset
                while left and (piece := file.read(min(left, _CHUNK))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise BundleError(f"{self.path}: {error.strerror}") from None

    def checked(self, place: str, content: Content) -> Iterator[bytes]:
        """Content of a file. Raises ``BundleError`` at its end where its checksum is wrong."""
        digest = hashlib.sha256()
        for piece in self.pieces(place, content):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != content.sha256:
            raise BundleError(
                f"{self.path}: {place} is damaged: its checksum is {digest.hexdigest()} and should "
                f"be {content.sha256}; {_AGAIN}"
            )

    def check(self, place: str, content: Content) -> None:
        """Read a file for its checksum alone. Raises ``BundleError``."""
        for _ in self.checked(place, content):
            pass


def open_bundle(path: Path) -> Bundle:
    """Read the manifest, and look whether all that it names is there. Raises ``BundleError``."""
    try:
        with tarfile.open(path, "r:") as archive:
            members = _members(path, archive)
            manifest, digest = _manifest(path, archive, members)
        size = path.stat().st_size
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}") from None
    except tarfile.ReadError as error:
        if "end of data" in str(error):
            raise _cut_short(path) from None
        raise _no_bundle(path) from None
    except (tarfile.TarError, ValueError):
        raise _no_bundle(path) from None
    wanted = dict(manifest.contents())
    for place, content in wanted.items():
        found = members.get(place)
        if found is None or found.offset_data + content.size > size:
            raise _cut_short(path)
        if found.size != content.size:
            raise BundleError(f"{path}: {place} has another size than it should; {_AGAIN}")
    if more := members.keys() - wanted.keys() - {MANIFEST, CHECKSUM}:
        raise BundleError(f"{path}: its manifest does not know {min(more)}; {_AGAIN}")
    places = {place: members[place].offset_data for place in wanted}
    return Bundle(path, manifest, digest, places)


def _cut_short(path: Path) -> BundleError:
    return BundleError(f"{path}: is cut short; {_AGAIN}")


def _no_bundle(path: Path) -> BundleError:
    return BundleError(f"{path}: is no bundle; name a file that `cluster bundle create` has made")


def _members(path: Path, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if not member.isreg() or member.name in found or member.issparse():
            raise BundleError(f"{path}: {member.name!r} is no plain file, or there twice; {_AGAIN}")
        found[member.name] = member
    return found


def _manifest(
    path: Path, archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]
) -> tuple[Manifest, str]:
    text, checksum = (_small(path, archive, members, name) for name in (MANIFEST, CHECKSUM))
    digest = hashlib.sha256(text).hexdigest()
    if checksum.decode("ascii", "replace").strip() != digest:
        raise BundleError(f"{path}: its manifest is damaged; {_AGAIN}")
    try:
        manifest = Manifest.model_validate_json(text)
        for artifact in manifest.artifacts.values():
            _ = artifact.locked
    except (ValidationError, ValueError) as error:
        if isinstance(error, ValidationError) and _is_newer(text):
            raise _newer(path) from None
        first = str(error).splitlines()[0]
        raise BundleError(f"{path}: its manifest cannot be read ({first}); {_AGAIN}") from None
    if manifest.version > FORMAT:
        raise _newer(path)
    return manifest, digest


def _newer(path: Path) -> BundleError:
    return BundleError(f"{path}: made by a newer version of this program; use that one")


def _is_newer(text: bytes) -> bool:
    try:
        return int(json.loads(text)["version"]) > FORMAT
    except (ValueError, KeyError, TypeError):
        return False


def _small(
    path: Path, archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], name: str
) -> bytes:
    member = members.get(name)
    file = archive.extractfile(member) if member and member.size <= _LONGEST else None
    if file is None:
        raise _no_bundle(path)
    return file.read()
