"""Writes a bundle: a plain tar with its manifest first, there whole or not at all."""

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from .errors import BundleError
from .manifest import CHECKSUM, MANIFEST, RELEASE, Content, Manifest


def write_bundle(path: Path, manifest: Manifest, release: bytes, files: Mapping[str, Path]) -> str:
    """Write a bundle with these files, by their places; the SHA-256 of its manifest.

    Raises ``BundleError`` where it cannot be written, or a file is not what the manifest says.
    """
    text = manifest.model_dump_json(indent=1).encode()
    digest = hashlib.sha256(text).hexdigest()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("xb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                _add_text(archive, MANIFEST, text)
                _add_text(archive, CHECKSUM, f"{digest}\n".encode())
                for place, content in manifest.contents():
                    if place == RELEASE:
                        _add_text(archive, RELEASE, release)
                    else:
                        _add_file(archive, place, content, files[place])
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise BundleError(
            f"{error.filename or path}: the bundle cannot be written: {error.strerror}"
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _add_text(archive: tarfile.TarFile, name: str, text: bytes) -> None:
    archive.addfile(_member(name, len(text)), io.BytesIO(text))


def _add_file(archive: tarfile.TarFile, name: str, content: Content, source: Path) -> None:
    with source.open("rb") as file:
        reading = _Hashed(file)
        archive.addfile(_member(name, content.size), reading)
    if reading.digest.hexdigest() != content.sha256:
        raise BundleError(f"{source} has changed meanwhile; run this again")


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


class _Hashed:
    """A file that knows the checksum of what was read from it."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece
