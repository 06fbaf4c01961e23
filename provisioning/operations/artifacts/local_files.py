"""Files of this machine: a folder, an archive, a checkout, a single file."""

import os
from collections.abc import Iterator
from errno import ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path

from ...model.app_source import is_archive
from ..unpacking import ArchiveError, unpack
from .errors import ArtifactError

_SKIPPED = (".git", "__pycache__")


def files_below(folder: Path, within: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Path and place of every file; links are followed, and what they lead to has each of its
    paths.

    Left out, as they lead to nothing on a node either: links to git's own files or to a folder
    around them; with ``within`` those that leave that folder; in a checkout of git, where they are
    its authors', those that lead to nothing. Elsewhere such a link is an ``ArtifactError``.
    """
    return _below(folder.resolve(), None if within is None else within.resolve(), ())


def _below(folder: Path, root: Path | None, around: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    around = (*around, folder)
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.name in _SKIPPED:
            continue
        place = Path(entry.path)
        if entry.is_symlink():
            target = _target(place)
            if target is None and _is_in_checkout(folder, around):
                continue
            if target is None:
                raise ArtifactError(
                    f"{entry.path}: a link that leads to nothing; bring what it leads to, or "
                    "remove it"
                )
            if _is_left_out(target, root, around):
                continue
            place = target
        if place.is_dir():
            for path, file in _below(place, root, around):
                yield f"{entry.name}/{path}", file
        elif place.is_file():
            yield entry.name, place
        else:
            raise ArtifactError(f"{place}: neither file nor folder; take it out of there")


def _target(link: Path) -> Path | None:
    """Place that a link leads to; None for nothing. Raises ``ArtifactError`` where nobody may
    look."""
    try:
        return link.resolve(strict=True)
    except RuntimeError:
        # Back to itself, before Python 3.13.
        return None
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG):
            return None
        raise ArtifactError(
            f"{link}: what it leads to cannot be looked at: {error.strerror}; give this user the "
            "right to, or remove the link"
        ) from None


def _is_in_checkout(folder: Path, around: tuple[Path, ...]) -> bool:
    """Tell whether one of the folders that it was reached by, and lies in, is a checkout. Those
    above are not asked: an inventory is often kept in git, and what lies beside it is not."""
    return any((one / ".git").exists() for one in around if folder.is_relative_to(one))


def _is_left_out(target: Path, root: Path | None, around: tuple[Path, ...]) -> bool:
    is_outside = root is not None and not target.is_relative_to(root)
    return is_outside or _is_gits(target) or any(one.is_relative_to(target) for one in around)


def _is_gits(target: Path) -> bool:
    """Tell whether it is one of git's own files: content of git-annex is none."""
    parts = target.parts
    return ".git" in parts and parts[parts.index(".git") + 1 :][:2] != ("annex", "objects")


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
