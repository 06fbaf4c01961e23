"""Builds the release of the app that real servers run: a reproducible archive."""

import gzip
import hashlib
import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from provisioning.model.app import App
from provisioning.roles.release_archive import ReleaseArchive

_SKIPPED = {"__pycache__", ".git", ".venv"}


class ReleaseError(Exception):
    """The app's source cannot be made a release; the message says why and the fix."""


def build_release(app: App, base_dir: Path) -> ReleaseArchive:
    """Packs the Python package ``app`` of the source the inventory names.

    The same source gives the same bytes, and so the same id: ``<version>-<hash>``.
    Raises ``ReleaseError``.
    """
    if app.source == "builtin":
        return _pack(resources.files("app"))
    folder = (base_dir / app.source).expanduser()
    if folder.is_dir():
        return _pack(_package(folder, app.source))
    with tempfile.TemporaryDirectory(prefix="cosyvoice-release-") as scratch:
        checkout = Path(scratch) / "source"
        _clone(app.source, app.ref, checkout)
        return _pack(_package(checkout, app.source))


def _package(folder: Path, source: str) -> Path:
    if not (folder / "app" / "__main__.py").is_file():
        raise ReleaseError(
            f"app.source {source}: no Python package `app` with a __main__.py in it; "
            "name the folder that holds the `app` folder"
        )
    return folder / "app"


def _clone(url: str, ref: str | None, target: Path) -> None:
    branch = ["--branch", ref] if ref else []
    command = ["git", "clone", "--quiet", "--depth", "1", *branch, "--", url, str(target)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        raise ReleaseError("app.source is a git URL, and git is not installed here") from None
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"app.source {url}: git clone took more than 300 s") from None
    except subprocess.CalledProcessError as error:
        raise ReleaseError(f"app.source {url}: {error.stderr.strip()}") from None


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name in _SKIPPED or entry.name.endswith(".pyc"):
            continue
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _files(entry, path)
        else:
            yield path, entry.read_bytes()


def _pack(package: Traversable) -> ReleaseArchive:
    plain = io.BytesIO()
    version = "0"
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in _files(package, "app"):
            if path == "app/__init__.py":
                match = re.search(rb'^__version__ = "([\w.+-]+)"', content, re.MULTILINE)
                version = match[1].decode() if match else "0"
            member = tarfile.TarInfo(path)
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    digest = hashlib.sha256(plain.getvalue()).hexdigest()[:12]
    return ReleaseArchive(f"{version}-{digest}", gzip.compress(plain.getvalue(), mtime=0))
