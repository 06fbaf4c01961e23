"""The source that the app comes from, as a folder to read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from provisioning.model.app import App
from provisioning.model.app_source import is_archive, is_git_url, is_wheel, without_login
from provisioning.model.paths import against
from provisioning.operations.release.errors import ReleaseError
from provisioning.operations.release.fetching import fetch
from provisioning.operations.release.unpacking import unpack


@dataclass(frozen=True, slots=True)
class Source:
    """A source at hand."""

    shown: str
    """Name that it is called by, without a login."""
    root: Path
    """The folder that says what the app requires."""
    package: Traversable
    """The package ``app``."""
    ref: str | None = None
    commit: str | None = None
    """The commit that ``ref`` was then."""


@contextmanager
def opened(app: App, base_dir: Path) -> Iterator[Source]:
    """The source of the app, for the time of the block. Raises ``ReleaseError``."""
    shown = without_login(app.source)
    if app.source == "builtin":
        package = resources.files("app")
        yield Source(shown, Path(str(package)).parent, package)
        return
    with tempfile.TemporaryDirectory(prefix="cosyvoice-release-") as scratch:
        target = Path(scratch) / "source"
        if is_git_url(app.source):
            commit = fetch(app.source, app.ref, target)
            yield Source(shown, target, _package(target, shown), app.ref, commit)
            return
        place = against(base_dir, Path(app.source))
        if place.is_dir():
            yield Source(shown, place, _package(place, shown))
        elif not place.is_file():
            raise ReleaseError(f"app.source {shown}: there is no file or folder {place}")
        elif is_wheel(place.name) or is_archive(place.name):
            root = unpack(place, target)
            yield Source(shown, root, _package(root, shown))
        else:
            raise ReleaseError(
                f"app.source {shown}: not a kind of file that is known; give a folder, a wheel, a "
                ".tar.gz, .tgz or .zip, or a git URL"
            )


def _package(folder: Path, shown: str) -> Path:
    if not (folder / "app" / "__main__.py").is_file():
        raise ReleaseError(
            f"app.source {shown}: no Python package `app` with a __main__.py in it; "
            "name what holds the `app` folder"
        )
    return folder / "app"
