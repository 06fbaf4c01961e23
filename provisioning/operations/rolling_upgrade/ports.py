"""Interface between the phases of an upgrade and the cluster."""

from collections.abc import Sequence
from typing import Protocol

from ...facts.app.metrics import NodeMetrics
from ...facts.app.target import Place
from ..drain.remaining_work import RemainingWork
from ..rolling.snapshot import ClusterSnapshot
from .speech_sample import SpeechSample


class ClusterActions(Protocol):
    """Actions on a cluster. Each may be called again after a cut, and for several hosts at once.
    Each raises ``ActionError`` where the host fails or cannot be reached; actions that need every
    director raise ``DirectorUnreachableError`` where one of them cannot."""

    def look(self, at_most: float = 0.0) -> ClusterSnapshot:
        """Take a snapshot of the whole cluster, or the last one where it is ``at_most`` so many
        seconds old and nothing was changed since."""

    def stage(self, host: str) -> None:
        """Unpack the new release beside the one that runs, and touch nothing else."""

    def ask_hooks(self, host: str) -> None:
        """Ask the operator's hooks whether the host may be upgraded, and go out of service for
        it; a no is an ``ActionError``."""

    def drain(self, host: str, reason: str) -> None:
        """Set weight 0 on every director, seen in their kernels, then the mark on the node."""

    def remaining_work(self, host: str) -> RemainingWork:
        """Count the work that the drained node has left."""

    def settle(self, host: str) -> None:
        """End the persistence that holds clients to the drained node."""

    def undrain(self, host: str, percent: int = 100) -> None:
        """Remove the mark, wait until the node is ready at its own address and the VIP, then set
        a share of its weight on every director, seen in their kernels."""

    def stop(self, host: str) -> None:
        """Stop the app; jobs may take the time that the service allows."""

    def switch(self, host: str, release: str) -> None:
        """Select a staged release for the next start."""

    def start(self, host: str) -> None:
        """Start the app, and check that its process stays up for a moment."""

    def warming(self, host: str) -> str:
        """Say why workers cannot speak yet; empty when all of them have spoken."""

    def baseline(self, host: str) -> tuple[SpeechSample, NodeMetrics]:
        """Have the node speak a sentence at its own address, and read its counters then."""

    def speak_everywhere(self, host: str) -> dict[Place, SpeechSample]:
        """Have the node speak a sentence at its own address, and at the VIP's where it has one, one
        after the other."""

    def metrics(self, host: str) -> NodeMetrics:
        """Read the node's counters and readiness."""

    def director_changes(self, hosts: Sequence[str]) -> dict[str, tuple[list[str], bool]]:
        """List the changes due on each of some directors; true where they need a restart of
        Keepalived."""

    def change_director(self, host: str) -> None:
        """Make the changes: with a reload where that is enough, else a restart."""

    def hand_over(self, host: str) -> str | None:
        """Move the VIPs from this director to another, and name that one; None where this one
        holds none."""

    def director_settled(self, host: str) -> str:
        """List faults of a director; empty when there are none."""
