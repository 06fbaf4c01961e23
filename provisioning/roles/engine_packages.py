"""Python packages that the app's engines need. Pure but for reading package data.

Each engine that comes with the app declares its own in ``app/engines/**/NAME.toml``. Other
packages announce engines by entry points, on the hosts.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from ..companions import companion

ENGINES = "cosyvoice.engines"
"""Group of the entry points that announce engines."""
_DEFAULT = "auto"


@cache
def declared_packages(engine: str | None) -> tuple[str, ...] | None:
    """Import names of an engine's packages; ``None`` if it does not come with the app."""
    name = f"{engine or _DEFAULT}.toml"
    for file in _files(resources.files(companion("app")) / "engines"):
        if file.name == name:
            return tuple(tomllib.loads(file.read_text("utf-8"))["packages"])
    return None


@cache
def engine_names() -> list[str]:
    """Return the names of the engines that come with the app, sorted."""
    files = _files(resources.files(companion("app")) / "engines")
    names = {file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")}
    return sorted(names - {_DEFAULT})


def _files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry
