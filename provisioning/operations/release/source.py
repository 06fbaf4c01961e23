"""The source that the app comes from, as a folder to read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ...companions import companion
from ...model.app import App
from ...model.app_source import (
    INSTALLED,
    PACKAGES,
    folder_of,
    is_archive,
    is_git_url,
    is_wheel,
    without_login,
)
from ...model.paths import against
from ..unpacking import ArchiveError, unpack
from .errors import ReleaseError
from .fetching import fetch


@dataclass(frozen=True, slots=True)
class Source:
    """A source at hand."""

    shown: str
    """Name that it is called by, without a login."""
    root: Path
    """The folder that says what the app requires."""
    package: Traversable
    """The app's Python package."""
    name: str
    """Name under which it runs: one of ``PACKAGES``."""
    ref: str | None = None
    commit: str | None = None
    """The commit that ``ref`` was then."""


@contextmanager
def opened(app: App, base_dir: Path) -> Iterator[Source]:
    """The source of the app, for the time of the block. Raises ``ReleaseError``."""
    shown = without_login(app.source)
    if app.source == "builtin":
        package = resources.files(companion("app"))
        yield Source(shown, Path(str(package)).parent, package, INSTALLED)
        return
    with tempfile.TemporaryDirectory(prefix="cosyvoice-release-") as scratch:
        target = Path(scratch) / "source"
        if is_git_url(app.source):
            commit = fetch(app.source, app.ref, target)
            yield Source(shown, target, *_package(target, shown), app.ref, commit)
            return
        place = against(base_dir, Path(app.source))
        if place.is_dir():
            yield Source(shown, place, *_package(place, shown))
        elif not place.is_file():
            raise ReleaseError(f"app.source {shown}: there is no file or folder {place}")
        elif is_wheel(place.name) or is_archive(place.name):
            root = _unpacked(place, target)
            yield Source(shown, root, *_package(root, shown))
        else:
            raise ReleaseError(
                f"app.source {shown}: not a kind of file that is known; give a folder, a wheel, a "
                ".tar.gz, .tgz or .zip, or a git URL"
            )


def _unpacked(file: Path, target: Path) -> Path:
    """Unpack an archive; the folder that holds the content, as one of a project wraps it in one."""
    try:
        unpack(file, target)
    except ArchiveError as error:
        raise ReleaseError(f"app.source {file.name} cannot be unpacked: {error}") from None
    if not any((target / folder_of(name)).exists() for name in PACKAGES):
        folders = [entry for entry in target.iterdir() if entry.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return target


def _package(folder: Path, shown: str) -> tuple[Path, str]:
    for name in PACKAGES:
        package = folder / folder_of(name)
        if (package / "__main__.py").is_file():
            return package, INSTALLED if _is_ours(package) else name
    raise ReleaseError(
        f"app.source {shown}: no Python package `app` with a __main__.py in it; "
        "name what holds the `app` folder"
    )


def _is_ours(package: Path) -> bool:
    """Tell the app of this project, whose folder in a checkout is ``app``, from another's."""
    init = package / "__init__.py"
    return init.is_file() and f'INSTALLED_NAME = "{INSTALLED}"'.encode() in init.read_bytes()
