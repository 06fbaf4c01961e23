"""Packs files so that the same ones give the same bytes. Pure but for reading them."""

import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable

from ...model.app_source import folder_of

_SKIPPED = {"__pycache__", ".git", ".venv"}
_ABOVE = b'"""A release; the app is in it under its installed name."""\n'


def package_files(package: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file of a package, by its name in the release."""
    above, _, _ = name.rpartition(".")
    if above:
        yield f"{folder_of(above)}/__init__.py", _ABOVE
    yield from _files(package, folder_of(name))


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name in _SKIPPED or entry.name.endswith(".pyc"):
            continue
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _files(entry, path)
        else:
            yield path, entry.read_bytes()


def version_of(init: bytes) -> str:
    """Return the version that a package's ``__init__.py`` gives; 0 where it gives none."""
    found = re.search(rb'^__version__ = "([A-Za-z0-9][\w.+-]{0,60})"', init, re.MULTILINE)
    return found[1].decode() if found else "0"


def packed(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> tuple[str, bytes]:
    """The checksum of files and links, and a .tar.gz of them in the order given."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
        for path, target in (links or {}).items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname, member.mode = tarfile.SYMTYPE, target, 0o777
            archive.addfile(member)
    digest = hashlib.sha256(plain.getvalue()).hexdigest()
    return digest, gzip.compress(plain.getvalue(), mtime=0)
