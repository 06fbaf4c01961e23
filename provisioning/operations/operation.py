"""An operation under way: a run that changes a cluster, its connections, and its operator."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ..engine.apply_plans import ApplyResult
from ..engine.fleet import Fleet
from ..engine.progress import Progress, silent
from .cluster.cluster import Cluster
from .hooks.hooks import Hooks
from .planning import Plans
from .run.run import Run
from .verify import CheckResult


class Dialogue(Protocol):
    """Conversation with the operator."""

    def confirm(self, plans: Plans, question: str) -> None:
        """Show the plans, and ask where they change anything. Returns after a yes only."""

    def progress(self) -> AbstractContextManager[Progress]:
        """Show progress for the time of the block."""

    def report(self, result: ApplyResult) -> None:
        """Show how every host went."""

    def report_lacking(self, lacking: list[str]) -> None:
        """Show the nodes that are as wanted and get no clients yet."""

    def report_checks(self, checks: list[CheckResult]) -> None:
        """Show the proof of the result."""

    def note(self, text: str) -> None:
        """Show something that the operator may not know."""

    def done(self, text: str) -> None:
        """Show what was done."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A run that changes a cluster, with its connections."""

    cluster: Cluster
    run: Run
    fleet: Fleet
    dialogue: Dialogue
    progress: Progress = silent
    """Receiver of progress, once nothing is asked any more."""
    hooks: Hooks = field(default_factory=Hooks)
    """Programs that are asked before a step, and told after it."""
