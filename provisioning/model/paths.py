"""Relative paths in an inventory start at the folder the inventory is in."""

from pathlib import Path


def against(base_dir: Path, path: Path) -> Path:
    """The path as the control machine finds it; ``~`` is the operator's home."""
    try:
        return base_dir / path.expanduser()
    except RuntimeError:
        # No such user, or no home: then ~ is a name like any other.
        return base_dir / path
