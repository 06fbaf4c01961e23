"""The form of a resource: one thing a host can have, which can be looked at, compared and changed.

A resource never talks to a host. It gives POSIX-sh fragments; the engine joins those of all
resources of a host into one script, so that looking takes one round trip and changing another.

Every fragment runs as root in a subshell of its own under ``set -eu``, with standard input
closed and ``LC_ALL=C``. The functions of ``shell/`` are at hand.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..errors import ClusterError


@dataclass(frozen=True, slots=True)
class Observation:
    """The answer of an observe fragment about a resource."""

    stdout: str
    stderr: str
    status: int


@dataclass(frozen=True, slots=True)
class Change:
    """The way a resource gets from what was observed to what is wanted."""

    summary: str
    """One line, such as ``create`` or ``mode 0644 -> 0600``."""
    apply: str
    """Fragment that makes the change. Idempotent; cut anywhere, it leaves the old or the new."""
    undo: str
    """Fragment that takes it back within the same run, also when ``apply`` stopped half-way."""
    before: str = ""
    after: str = ""
    """Text before and after for a diff; both empty where there is nothing to show."""
    supersedes: frozenset[str] = frozenset()
    """Names of handlers this change makes needless: it starts the service with what is there."""
    disturbs: bool = False
    """True where something that runs may be interrupted by it."""
    sensitive: bool = False
    """Texts hold a secret: shown by size only, never written to the journal."""
    confirm: str = ""
    """Fragment by which it is kept, run over a new connection once the host's other changes are
    made; without it the host takes the change back by itself. Empty where none is needed."""
    unconfirmed: str = ""
    """What becomes of it where no new connection came, and what to do."""
    replaces: bool = False
    """True where it takes the place of other content, which may be somebody's own."""


class UnobservableError(ClusterError):
    """A resource cannot tell its state from what was observed; the message says why and the fix."""


@runtime_checkable
class Resource(Protocol):
    """One thing a host can have."""

    @property
    def id(self) -> str:
        """Kind and name, unique on the host: ``file:/etc/keepalived/keepalived.conf``."""

    @property
    def triggers(self) -> tuple["Handler", ...]:
        """Handlers to run once after all changes of this run, if this resource changed."""

    def observe(self) -> str:
        """Fragment that prints the present state and changes nothing."""

    def compare(self, observation: Observation) -> Change | None:
        """The change needed, or nothing. Raises ``UnobservableError``."""

    def remove(self) -> str:
        """Fragment that puts the host back as it was before the resource was first managed.

        It is stored on the host when the resource is applied, and run when the resource leaves
        the inventory or the cluster is destroyed. Idempotent.
        """


@dataclass(frozen=True, slots=True)
class Handler:
    """A command that makes a service take up what changed (reload, restart)."""

    name: str
    command: str
    """Fragment; must fail when the service did not take the change up."""
    disturbs: bool = True
    """True where something that runs may be interrupted by it."""
    supersedes: frozenset[str] = frozenset()
    """Names of handlers it makes needless: a restart takes up all that a reload would."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that must hold on a host before anything is changed there."""

    title: str
    probe: str
    """Fragment that changes nothing; status 0 is met, its output is shown otherwise."""
    fix: str
    """The action the operator can take about it."""


@dataclass(frozen=True, slots=True)
class Postcondition:
    """Something that must come true on a host after it was changed, before the next one is."""

    title: str
    probe: str
    """Fragment that changes nothing; tried each second until its status is 0."""
    timeout: int
    """Seconds after which the host counts as failed."""
    fix: str
    """The action the operator can take about it."""
