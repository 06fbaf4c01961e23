"""What a phase is: one thing that is done to one host, and how it is taken back."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioning.errors import ClusterError
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.clock import Clock
from provisioning.operations.rolling_upgrade.events import Kind, UpgradeEvent, Watcher
from provisioning.operations.rolling_upgrade.hands import Hands
from provisioning.operations.rolling_upgrade.judgement import DEFAULT, Thresholds
from provisioning.operations.rolling_upgrade.state import Node


class PhaseError(ClusterError):
    """A phase did not come to a good end; the message says what was seen."""


@dataclass(slots=True)
class Work:
    """A phase at work on a host: what it may use, and where it puts what it finds."""

    node: Node
    target: str
    """Id of the new release."""
    choices: Choices
    hands: Hands
    clock: Clock
    watch: Watcher
    gate: threading.Lock
    """Held while capacity is looked at and a node goes out of service, so that two nodes of a
    batch do not both see the other one in."""
    phase: str = ""
    thresholds: Thresholds = DEFAULT
    seconds: dict[str, float] = field(default_factory=dict)
    """What took how long; goes into the node's state."""
    facts: dict[str, float] = field(default_factory=dict)
    """For later phases; goes into the node's state."""

    @property
    def host(self) -> str:
        """Its name."""
        return self.node.host

    def tell(self, kind: Kind, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """Tells those who watch."""
        self.watch(UpgradeEvent(kind, self.host, self.phase, text, facts or {}))

    def timed(self, name: str, action: Callable[[], None]) -> None:
        """Does it and notes its time."""
        began = self.clock.now()
        try:
            action()
        finally:
            self.seconds[name] = round(self.clock.now() - began, 3)


def nothing(work: Work) -> None:
    """Leaves all as it is."""


def always(node: Node, choices: Choices) -> bool:
    """Applies to every node."""
    return True


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. ``run`` and ``undo`` may be run again after a cut."""

    name: str
    """In the state file and in events."""
    title: str
    """For people, as what is being done."""
    would: Callable[[Node, Choices, str], str]
    """What ``--check`` says it would do, given the new release's id."""
    run: Callable[[Work], None]
    """Raises ``PhaseError`` or ``HandError``."""
    undo: Callable[[Work], None] = nothing
    """As it was before; also after a ``run`` that failed or was cut."""
    applies: Callable[[Node, Choices], bool] = always
