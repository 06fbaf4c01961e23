"""What a rule sees and what it says."""

from dataclasses import dataclass
from pathlib import Path

from provisioning.model.inventory import Inventory
from provisioning.model.problem import Severity
from provisioning.model.tree import KeyPath


@dataclass(frozen=True, slots=True)
class Context:
    """An inventory whose every value is right by itself."""

    inventory: Inventory
    base_dir: Path
    """The inventory's folder; relative paths start there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, by the key it is about; where that stands in the file others know."""

    path: KeyPath
    message: str
    fix: str
    found: str | None = None
    """``None`` for what stands in the file."""
    allowed: str = ""
    severity: Severity = "error"
    also: tuple[KeyPath, ...] = ()
    """Other keys it rests on. Where one of those is wrong already, the finding is dropped."""


def warning(
    path: KeyPath, message: str, fix: str, found: str | None = None, *also: KeyPath
) -> Finding:
    """A finding that does not stop anything."""
    return Finding(path, message, fix, found, severity="warning", also=also)
