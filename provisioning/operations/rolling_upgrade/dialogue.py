"""Conversation of an upgrade with its operator."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ...model.cluster_record import UnfinishedUpgrade
from ..rolling.events import Watcher
from .state import Upgrade
from .upgrade import UpgradeResult


class UpgradeDialogue(Protocol):
    """Everything that an upgrade asks and shows."""

    def confirm(self, upgrade: Upgrade, notes: Sequence[str]) -> None:
        """Show the plan, and ask where it has any node. Returns after a yes only."""

    def confirm_forgetting(self, upgrade: UnfinishedUpgrade) -> None:
        """Ask whether to end an upgrade whose state lies in another folder. Returns after a yes
        only."""

    def watching(self, upgrade: Upgrade) -> AbstractContextManager[Watcher]:
        """Show events for the time of the block."""

    def report(self, result: UpgradeResult) -> None:
        """Show the result."""

    def complain(self, text: str) -> None:
        """Show a notification that could not be sent."""

    def note(self, text: str) -> None:
        """Show a fact that the operator may not know."""
