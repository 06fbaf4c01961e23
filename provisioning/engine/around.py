"""The work around the changes of hosts, so that what they serve goes on meanwhile."""

from dataclasses import dataclass, field
from typing import Protocol

from .apply import HostResult
from .plan import HostPlan


@dataclass(frozen=True, slots=True)
class Turn:
    """The hosts that may be changed now. Those that are neither here nor refused have a
    turn of their own later."""

    hosts: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)
    """Hosts that must not be changed, and why."""
    plans: dict[str, HostPlan] = field(default_factory=dict)
    """Plans in place of those that were made before, where something else has changed since."""


class Around(Protocol):
    """Called from one thread, before and after each batch."""

    def begin(self) -> dict[str, HostResult]:
        """Before the first batch: what an earlier run left to do. How hosts went that needed it
        and have nothing else to change."""

    def wave(self, hosts: tuple[str, ...]) -> Turn:
        """Hosts of a wave before its first batch: in which order they go, and plans of theirs that
        have to be others by now. None is refused."""

    def before(self, hosts: tuple[str, ...]) -> Turn:
        """Makes hosts of a batch ready to be changed: at least one is given a turn or refused."""

    def after(self, results: dict[str, HostResult]) -> None:
        """Hosts of a turn were changed; what goes wrong now is put into their results."""


class Nothing:
    """Hosts are changed as they are."""

    def begin(self) -> dict[str, HostResult]:
        """See ``Around``."""
        return {}

    def wave(self, hosts: tuple[str, ...]) -> Turn:
        """See ``Around``."""
        return Turn(hosts)

    def before(self, hosts: tuple[str, ...]) -> Turn:
        """See ``Around``."""
        return Turn(hosts)

    def after(self, results: dict[str, HostResult]) -> None:
        """See ``Around``."""
