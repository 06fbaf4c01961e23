"""Phase: one change of one host, and its undoing."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...rolling.clock import Clock
from ...rolling.events import Kind, RunEvent, Watcher
from ..canary_analysis import DEFAULT, Thresholds
from ..options import UpgradeOptions
from ..ports import ClusterActions
from ..shared_metrics import SharedMetrics
from ..state import Node


@dataclass(slots=True)
class PhaseContext:
    """Everything that a phase may use on a host, and the place for its findings."""

    node: Node
    target: str
    """Id of the new release."""
    options: UpgradeOptions
    cluster: ClusterActions
    clock: Clock
    watch: Watcher
    capacity_lock: threading.Lock
    """Held while capacity is checked and a node goes out of service, so that two nodes of a batch
    do not both count the other one as serving."""
    phase: str = ""
    thresholds: Thresholds = DEFAULT
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations by name; saved in the node's state."""
    facts: dict[str, float] = field(default_factory=dict)
    """Findings for later phases; saved in the node's state."""
    shared: SharedMetrics | None = None
    """Counters that all nodes of a run are compared with."""

    @property
    def metrics(self) -> SharedMetrics:
        """Counters of nodes, asked once for all who watch at the same time."""
        if self.shared is None:
            self.shared = SharedMetrics(self.cluster, self.clock)
        return self.shared

    @property
    def host(self) -> str:
        """Name of the host."""
        return self.node.host

    def report(self, kind: Kind, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """Send an event to the watcher."""
        self.watch(RunEvent(kind, self.host, self.phase, text, facts or {}))

    def timed(self, name: str, action: Callable[[], None]) -> None:
        """Run an action and note its duration."""
        began = self.clock.now()
        try:
            action()
        finally:
            self.seconds[name] = round(self.clock.now() - began, 3)


def nothing(context: PhaseContext) -> None:
    """Undo nothing."""


def always(node: Node, options: UpgradeOptions) -> bool:
    """Apply to every node."""
    return True


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase. ``run`` and ``undo`` may be run again after a cut."""

    name: str
    """Name in the state file and in events."""
    title: str
    """Name for people, as an activity."""
    describe: Callable[[Node, UpgradeOptions, str], str]
    """Describes for ``--check`` what ``run`` would do, given the new release's id."""
    run: Callable[[PhaseContext], None]
    """Raises ``PhaseError`` or ``ActionError``."""
    undo: Callable[[PhaseContext], None] = nothing
    """Restores the state before; also after a ``run`` that failed or was cut."""
    applies: Callable[[Node, UpgradeOptions], bool] = always
