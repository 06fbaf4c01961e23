"""Input and output of a rule."""

from dataclasses import dataclass
from pathlib import Path

from ..inventory import Inventory
from ..key_path import KeyPath
from ..severity import Severity


@dataclass(frozen=True, slots=True)
class Context:
    """An inventory whose every value is valid by itself."""

    inventory: Inventory
    base_dir: Path
    """The inventory's folder; relative paths start there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake or a warning, by the key it is about; the loader adds the place in the file."""

    path: KeyPath
    message: str
    fix: str
    found: str | None = None
    """``None``: the value as written in the file."""
    allowed: str = ""
    severity: Severity = "error"
    also: tuple[KeyPath, ...] = ()
    """Other keys the finding rests on. If one of those is invalid, the finding is dropped."""


def warning(
    path: KeyPath, message: str, fix: str, found: str | None = None, *also: KeyPath
) -> Finding:
    """A finding that stops nothing."""
    return Finding(path, message, fix, found, severity="warning", also=also)
