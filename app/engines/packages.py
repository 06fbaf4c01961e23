"""Python packages of a built-in engine, declared in a file that bears the engine's name."""

import tomllib
from pathlib import Path


def declared_packages(file: Path) -> tuple[str, ...]:
    """Import names in an engine's `NAME.toml`."""
    return tuple(tomllib.loads(file.read_text("utf-8"))["packages"])
