"""One thing that is wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as the inventory says, or on which hosts disagree."""

    host: str
    """Where; empty for the cluster as a whole."""
    text: str
    """What was seen, in one line."""
    fix: str
    """What the operator can do about it."""

    def __str__(self) -> str:
        return f"{self.host}: {self.text}" if self.host else self.text
