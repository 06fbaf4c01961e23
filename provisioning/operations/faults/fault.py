"""One thing that is wrong."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as the inventory says, or on which hosts disagree."""

    host: str
    """Where; empty for the cluster as a whole."""
    text: str
    """Observation in one line."""
    fix: str
    """Advice for the operator; commands to type stand in backquotes, word by word."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of ``cluster`` that the fix names."""
        return tuple(re.findall(r"`(cluster [^`]+)`", self.fix))

    def __str__(self) -> str:
        return f"{self.host}: {self.text}" if self.host else self.text
