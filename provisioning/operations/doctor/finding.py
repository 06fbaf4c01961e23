"""One thing that the doctor found."""

import shlex
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Weight of a finding."""

    ERROR = "error"
    """The cluster does not work because of it, or will not."""
    WARNING = "warning"
    """It works, and will surprise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    host: str
    """Where; empty for the cluster as a whole."""
    severity: Severity = Severity.ERROR
    evidence: str
    """Observation."""
    cause: str
    """Consequence, or the reason that it has."""
    fix: str
    """Advice; commands to type stand in backquotes, word by word."""
    mend: tuple[str, ...] = ()
    """Command with its words that mends it on the host as root, safely and without asking for
    anything; `cluster doctor --fix` runs it. Empty where there is none."""
    rule: str = ""
    """Id of the rule; its registry fills it in."""


def on_host(host: str, *words: str) -> str:
    """A command for a host as root, to type here; in backquotes."""
    return f"`{root_on(host)}{shlex.join(words)}`"


def root_on(hosts: str) -> str:
    """The beginning of such a command."""
    return f"cluster exec --root {hosts} -- "
