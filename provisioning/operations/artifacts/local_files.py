"""Files of this machine: a folder, an archive, a checkout, a single file."""

import os
from collections.abc import Iterator
from pathlib import Path

from ...model.app_source import is_archive
from ..unpacking import ArchiveError, unpack
from .errors import ArtifactError

_SKIPPED = (".git", "__pycache__")


def files_below(folder: Path, within: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Path and place of every file. With ``within`` a link that leads out of that folder is
    refused; links to folders always are. Raises ``ArtifactError``."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.name in _SKIPPED:
            continue
        place = Path(entry.path)
        if entry.is_symlink():
            _require_usable_link(place, within)
        if entry.is_dir():
            for path, file in files_below(place, within):
                yield f"{entry.name}/{path}", file
        elif entry.is_file():
            yield entry.name, place
        else:
            raise ArtifactError(f"{place}: neither file nor folder; take it out of there")


def _require_usable_link(place: Path, within: Path | None) -> None:
    target = place.resolve()
    if within is not None and not target.is_relative_to(within.resolve()):
        raise ArtifactError(f"{place}: a link that leads out of its repository or archive")
    if not target.is_file():
        raise ArtifactError(f"{place}: a link that leads to no file; replace it by its content")


def unpacked(file: Path, target: Path) -> Path:
    """Unpack an archive into a new folder; the folder in it that holds the content, as an archive
    of a project wraps it in one. Raises ``ArtifactError``."""
    try:
        unpack(file, target)
    except ArchiveError as error:
        raise ArtifactError(f"{file} cannot be unpacked: {error}; make it anew") from None
    entries = list(target.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else target


def is_packed(path: Path) -> bool:
    """Tell whether a file is one that is unpacked."""
    return is_archive(path.name)
