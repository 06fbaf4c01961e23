"""Phase: one step of one host."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...rolling.clock import Clock
from ...rolling.errors import PhaseError
from ...rolling.events import Kind, RunEvent, Watcher
from ...rolling_upgrade.phases.phase import Phase as UpgradePhase
from ...rolling_upgrade.phases.phase import PhaseContext
from ...rolling_upgrade.state import Node
from ..host_command import command_key
from ..options import MaintenanceOptions
from ..ports import MaintenanceActions
from ..state import HostState
from ..work import Work


class UnknownEndError(PhaseError):
    """A phase failed so that nobody can prove the host well now."""


@dataclass(slots=True)
class Context:
    """Everything that a phase may use on a host, and the place for its findings."""

    id: str
    """Of the maintenance."""
    state: HostState
    work: Work
    options: MaintenanceOptions
    cluster: MaintenanceActions
    clock: Clock
    watch: Watcher
    record_output: Callable[[str, str], None]
    """Keeps lines of a host's output in the history."""
    capacity_lock: threading.Lock
    phase: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Name of the host."""
        return self.state.host

    @property
    def key(self) -> str:
        """Key of the host's command."""
        return command_key(self.id, self.state.attempt)

    def report(self, kind: Kind, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """Send an event to the watcher."""
        self.watch(RunEvent(kind, self.host, self.phase, text, facts or {}))

    def of_upgrade(self) -> PhaseContext:
        """The same for a phase of an upgrade."""
        return PhaseContext(
            node_of(self.state),
            "",
            self.options.of_upgrade(),
            self.cluster,
            self.clock,
            self.watch,
            self.capacity_lock,
            self.phase,
            seconds=self.seconds,
            facts=self.facts,
        )


def node_of(host: HostState) -> Node:
    """The host as an upgrade's phases and checks know it."""
    return Node(
        host.host,
        "real_server" if host.serves else "director",
        host.batch,
        canary=host.canary,
        drained=host.drained,
        facts=host.facts,
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """A host and the maintenance that it gets."""

    host: HostState
    options: MaintenanceOptions
    work: Work


Applies = Callable[[Turn], bool]


def always(_: Turn) -> bool:
    """Apply to every host."""
    return True


def serving(turn: Turn) -> bool:
    """Apply to real servers."""
    return turn.host.serves


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase. ``run`` may be run again after a cut."""

    name: str
    """Name in the state and in events."""
    title: str
    """Name for people, as an activity."""
    describe: Callable[[Turn], str]
    """Describes for a plan what ``run`` would do."""
    run: Callable[[Context], None]
    """Raises ``PhaseError`` or ``ActionError``."""
    applies: Applies = always
    after_failure: Callable[[Context], None] | None = None
    """Makes what a failed ``run`` leaves safe."""


def from_upgrade(phase: UpgradePhase) -> Phase:
    """A phase of an upgrade's real servers."""

    def described(turn: Turn) -> str:
        return phase.describe(node_of(turn.host), turn.options.of_upgrade(), "")

    def applies(turn: Turn) -> bool:
        applies = phase.applies(node_of(turn.host), turn.options.of_upgrade())
        return turn.host.serves and applies

    def run(context: Context) -> None:
        phase.run(context.of_upgrade())

    return Phase(phase.name, phase.title, described, run, applies)


def wait_until_well(context: Context, trouble: Callable[[], str], patience: float) -> None:
    """Wait until nothing is wrong any more. Raises ``PhaseError`` with what still is after
    ``patience`` seconds."""
    end = context.clock.now() + patience
    while said := trouble():
        if context.clock.now() >= end:
            raise PhaseError(f"not within {patience:g} s: {said}")
        context.report("waiting", said)
        context.clock.sleep(1.0)
