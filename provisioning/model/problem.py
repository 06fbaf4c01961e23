"""What is wrong with an inventory, where, and how to put it right."""

from dataclasses import asdict, dataclass
from typing import Literal

from provisioning.errors import ClusterError
from provisioning.model.written import printable

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, or one thing that is allowed and will surprise."""

    file: str
    line: int
    """From 1; 0 where the file as a whole is meant."""
    column: int
    """From 1, in characters; 0 where the file as a whole is meant."""
    key: str
    """Dotted path such as ``services[0].persistence.timeout``; empty for the whole file."""
    message: str
    found: str = ""
    """What stands there, as it was written."""
    allowed: str = ""
    fix: str = ""
    severity: Severity = "error"

    def __post_init__(self) -> None:
        # Names and values come from the file; no escape sequence in it may reach the terminal.
        for name in ("file", "key", "message", "found", "allowed", "fix"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def place(self) -> str:
        """``file:line:column``, as editors and compilers write it."""
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
    """The inventory cannot be used; ``problems`` has every error (and warning) at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
