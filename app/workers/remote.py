"""Other nodes as the queue sees them: they may take a job that waits, or have an older one.

``app.lending`` fills this; the workers themselves know of no network.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ..errors import NodeError
from .job import Job
from .report import JobReport
from .slot import Slot


class RemoteSlot(Protocol):
    """A worker of another node, for one job."""

    node: str
    """Its name."""

    def begun(
        self, job: Job, limit: float, report: JobReport
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The job's speech, entered when that node has taken the job; left, its work stops.

        ``limit`` is in seconds. The report gets the words. Raises ``NotTakenError`` on entering,
        ``LostError`` and ``SpeechError`` later.
        """
        ...


class NotTakenError(NodeError):
    """The other node has no free slot any more, or is gone; nothing has begun."""


class LostError(NodeError):
    """The other node, or its worker, is gone in the middle of the job."""


class Neighbours:
    """Neighbours of a node without any. Called from the event loop; must be quick."""

    @property
    def peers(self) -> int:
        """Number of other nodes."""
        return 0

    @property
    def wanting(self) -> bool:
        """True if a job waits on another node, as far as this one knows."""
        return False

    def keeps(self, slot: Slot) -> bool:
        """Tell whether a slot that has just become free is kept for a job of another node; whoever
        keeps it gives it back with ``JobQueue.give``."""
        return False

    def changed(self) -> None:
        """Jobs have come into the queue, or have left it."""
