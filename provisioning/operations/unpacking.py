"""Unpacking of archives, which may come from anywhere."""

import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import IO

from ..errors import ClusterError

_ZIP = (".whl", ".zip")


class ArchiveError(ClusterError):
    """An archive that cannot be unpacked; the message says why."""


def unpack(file: Path, target: Path) -> None:
    """Unpack a wheel, a .zip or a tar archive into a new folder.

    Nothing is written elsewhere, whatever the archive says; links and devices are left out. What a
    tar archive has as executable is so afterwards. Raises ``ArchiveError``.
    """
    target.mkdir()
    try:
        _unpack_zip(file, target) if file.name.endswith(_ZIP) else _unpack_tar(file, target)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ArchiveError(str(error)) from None


def _unpack_zip(file: Path, target: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as source:
                    _write(target, entry.filename, source)


def _unpack_tar(file: Path, target: Path) -> None:
    with tarfile.open(file) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isreg() else None
            if source is not None:
                place = _write(target, member.name, source)
                place.chmod(0o755 if member.mode & 0o100 else 0o644)


def _write(target: Path, name: str, source: IO[bytes]) -> Path:
    # By hand: tarfile's own filters came with Python 3.11.4, and Debian 12 has 3.11.2.
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"it wants to write {name!r}, outside of its folder")
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as copy:
        copyfileobj(source, copy)
    return place
