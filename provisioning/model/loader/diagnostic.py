"""Mistakes and warnings about an inventory file: place, message and fix."""

from dataclasses import asdict, dataclass

from ...errors import ClusterError
from ..severity import Severity
from .excerpt import printable


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake, or a warning about something allowed but surprising."""

    file: str
    line: int
    """From 1; 0 for the whole file."""
    column: int
    """From 1, in characters; 0 for the whole file."""
    key: str
    """Dotted path such as ``services[0].persistence.timeout``; empty for the whole file."""
    message: str
    found: str = ""
    """The value as written in the file."""
    allowed: str = ""
    fix: str = ""
    severity: Severity = "error"

    def __post_init__(self) -> None:
        # Names and values come from the file; no escape sequence in it may reach the terminal.
        for name in ("file", "key", "message", "found", "allowed", "fix"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def place(self) -> str:
        """``file:line:column``, the form that editors and compilers use."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        parts = [self.place, self.severity, *([self.key] if self.key else []), self.message]
        lines = [": ".join(parts)]
        for label in ("found", "allowed", "fix"):
            if text := getattr(self, label):
                lines.append(f"    {label}: {text}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class InventoryError(ClusterError):
    """The inventory cannot be used; ``diagnostics`` has every error (and warning) at once."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
