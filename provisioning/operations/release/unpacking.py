"""Unpacks a wheel or an archive, which may come from anywhere."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ...model.app_source import PACKAGES, folder_of
from .errors import ReleaseError


def unpack(file: Path, target: Path) -> Path:
    """Unpacks the files of ``file`` into ``target``, a new folder; the folder in it that holds the
    content, as an archive of a project wraps it in one.

    Nothing is written elsewhere, whatever the archive says; links and devices are left out.
    Raises ``ReleaseError``.
    """
    target.mkdir()
    try:
        for name, content in _of_zip(file) if _is_zip(file) else _of_tar(file):
            place = target / _inside(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ReleaseError(f"app.source {file.name} cannot be unpacked: {error}") from None
    if not any((target / folder_of(name)).exists() for name in PACKAGES):
        folders = [entry for entry in target.iterdir() if entry.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return target


def _is_zip(file: Path) -> bool:
    return file.name.endswith((".whl", ".zip"))


def _of_zip(file: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                yield entry.filename, archive.read(entry)


def _of_tar(file: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content.read()


def _inside(name: str) -> PurePosixPath:
    # By hand: tarfile's own filters came with Python 3.11.4, and Debian 12 has 3.11.2.
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"it wants to write {name!r}, outside of its folder")
    return path
