"""Conversation of a maintenance with its operator."""

from contextlib import AbstractContextManager
from typing import Protocol

from ..rolling.events import Watcher
from .planned import Planned
from .result import MaintenanceResult
from .state import HostState, Maintenance
from .state_machine import Choice


class MaintenanceDialogue(Protocol):
    """Everything that a maintenance asks and shows."""

    def confirm(self, planned: Planned) -> None:
        """Show the plan, and ask where it has any host. Returns after a yes only."""

    def decide(self, host: HostState, folder: str) -> Choice:
        """Ask for the fate of a host's command that was cut; ``folder`` on the host has what it
        said. Raises ``MaintenanceConflictError`` where nobody can be asked."""

    def watching(self, state: Maintenance) -> AbstractContextManager[Watcher]:
        """Show events for the time of the block."""

    def report(self, result: MaintenanceResult) -> None:
        """Show the result."""

    def complain(self, text: str) -> None:
        """Show a notification that could not be sent."""
