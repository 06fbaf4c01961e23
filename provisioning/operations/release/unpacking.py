"""Unpacks a wheel or an archive, which may come from anywhere."""

import tarfile
import zipfile
from pathlib import Path

from provisioning.operations.release.errors import ReleaseError


def unpack(file: Path, target: Path) -> Path:
    """Unpacks ``file`` into ``target``, a new folder; the folder in it that holds the content,
    as an archive of a project wraps it in one.

    Nothing is written elsewhere, whatever the archive says. Raises ``ReleaseError``.
    """
    target.mkdir()
    try:
        if file.name.endswith((".whl", ".zip")):
            with zipfile.ZipFile(file) as archive:
                # It drops drive letters, leading slashes and .. by itself (zipfile, extract).
                archive.extractall(target)
        else:
            with tarfile.open(file) as archive:
                archive.extractall(target, filter="data")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError) as error:
        raise ReleaseError(f"app.source {file.name} cannot be unpacked: {error}") from None
    if not (target / "app").exists():
        folders = [entry for entry in target.iterdir() if entry.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return target
