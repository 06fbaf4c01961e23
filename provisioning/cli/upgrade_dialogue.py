"""Conversation of a rolling upgrade with the terminal."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.text import Text

from ..model.cluster_record import UnfinishedUpgrade
from ..operations.rolling.events import Watcher
from ..operations.rolling_upgrade.downtime import downtimes
from ..operations.rolling_upgrade.state import Upgrade
from ..operations.rolling_upgrade.upgrade import UpgradeResult
from .asking import confirm
from .views.checks import show_checks
from .views.upgrade import show_downtimes, show_end, show_plan, watching


@dataclass(slots=True)
class ConsoleUpgradeDialogue:
    """``UpgradeDialogue`` on a console; with ``as_json`` events go to standard output instead, and
    are all that is shown."""

    console: Console
    yes: bool
    """Nothing is asked."""
    as_json: bool
    forks: int = 10
    """Nodes that the run works on at a time, for how long it will take."""
    complaints: Console = field(default_factory=lambda: Console(stderr=True))

    def confirm(self, upgrade: Upgrade, notes: Sequence[str]) -> None:
        """Show the plan, then ask."""
        if not self.as_json:
            show_plan(self.console, upgrade, notes, forks=self.forks)
        if upgrade.nodes:
            confirm("Begin?", yes=self.yes, err=self.as_json)

    def confirm_forgetting(self, upgrade: UnfinishedUpgrade) -> None:
        """Ask on standard error."""
        if not self.yes:
            click.confirm(f"Forget this upgrade: {upgrade}?", abort=True, err=True)

    def watching(self, upgrade: Upgrade) -> AbstractContextManager[Watcher]:
        """A table, a log or JSON lines."""
        return watching(self.console, upgrade, as_json=self.as_json)

    def report(self, result: UpgradeResult) -> None:
        """Show checks, times and nodes."""
        if self.as_json:
            return
        if result.checks:
            show_checks(self.console, list(result.checks))
        show_downtimes(self.console, downtimes(result.upgrade))
        show_end(self.console, result.upgrade)

    def complain(self, text: str) -> None:
        """Print on standard error."""
        self.complaints.print(Text(text, "yellow"))

    def note(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, markup=False, soft_wrap=True)
