"""Files that are spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Content:
    """One file here, and its place on hosts."""

    source: Path
    place: str
    """Path below the directory that is spread to. A file of that size there is taken for it."""
    part: str
    """Path there while it arrives, on the same file system."""
    sha256: str
    size: int
    """Bytes."""
    mode: int = 0o644


def total(contents: Sequence[Content]) -> int:
    """Bytes of all together."""
    return sum(one.size for one in contents)
