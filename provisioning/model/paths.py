"""Paths on the control machine: relative ones start at the folder the inventory is in."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

BASE_DIR = "base_dir"
"""Key of pydantic's validation context: the inventory's folder."""


def against(base_dir: Path, path: Path) -> Path:
    """The path as the control machine finds it; ``~`` is the operator's home."""
    try:
        return base_dir / path.expanduser()
    except RuntimeError:
        # No such user, or no home: then ~ is a name like any other.
        return base_dir / path


def is_file(path: Path) -> bool:
    """Tell whether there is one; False where none can know (no permission, a name too long)."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: Path) -> bool:
    """As ``is_file``, for a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _from_inventory(path: Path, info: ValidationInfo) -> Path:
    return against(info.context[BASE_DIR], path) if info.context else path


LocalPath = Annotated[Path, AfterValidator(_from_inventory)]
"""Absolute once an inventory is loaded from a file, so that no one who uses it has to ask."""
