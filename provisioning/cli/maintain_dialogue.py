"""Conversation of a maintenance with the terminal."""

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import cast

import click
from rich.console import Console
from rich.text import Text

from ..operations.maintain.planned import Planned
from ..operations.maintain.registration import MaintenanceConflictError
from ..operations.maintain.result import MaintenanceResult
from ..operations.maintain.state import HostState, Maintenance
from ..operations.maintain.state_machine import Choice
from ..operations.rolling.events import Watcher
from .asking import confirm, interruptible
from .views.checks import show_checks
from .views.maintenance import show_end, show_plan, watching

CHOICES = ("again", "done", "failed")
"""Fates of a command that was cut."""


@dataclass(slots=True)
class ConsoleMaintenanceDialogue:
    """``MaintenanceDialogue`` on a console; with ``as_json`` events go to standard output instead,
    and are all that is shown."""

    console: Console
    yes: bool
    """Nothing is asked."""
    as_json: bool
    cut: str | None = None
    """Fate of every command that was cut; None asks."""
    complaints: Console = field(default_factory=lambda: Console(stderr=True))

    def confirm(self, planned: Planned) -> None:
        """Show the plan, then ask."""
        if not self.as_json:
            show_plan(self.console, planned)
        if planned.state.hosts:
            confirm("Begin?", yes=self.yes, err=self.as_json)

    def decide(self, host: HostState, folder: str) -> Choice:
        """Ask on standard error."""
        said = (
            f"{host.host}: its command was cut in the middle, and nobody knows how far it came "
            f"({folder}/output there has what it said)"
        )
        if self.cut:
            return cast(Choice, self.cut)
        if self.yes or not sys.stdin.isatty():
            raise MaintenanceConflictError(
                f"{said}; it is not run again unasked: say --cut again, --cut done (take it as "
                "done) or --cut failed (put the host back if it is well)"
            )
        self.complaints.print(Text(said, "bold yellow"), soft_wrap=True)
        with interruptible():
            text = "Run it again, take it as done, or as failed?"
            return cast(Choice, click.prompt(text, type=click.Choice(CHOICES), err=True))

    def watching(self, state: Maintenance) -> AbstractContextManager[Watcher]:
        """A table, a log or JSON lines."""
        return watching(self.console, state, as_json=self.as_json)

    def report(self, result: MaintenanceResult) -> None:
        """Show checks and hosts."""
        if self.as_json:
            return
        if result.checks:
            show_checks(self.console, list(result.checks))
        show_end(self.console, result.state)

    def complain(self, text: str) -> None:
        """Print on standard error."""
        self.complaints.print(Text(text, "yellow"))
