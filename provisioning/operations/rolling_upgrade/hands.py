"""What an upgrade can do to a living cluster. The phases know no more of it than this."""

from typing import Literal, Protocol

from provisioning.errors import ClusterError
from provisioning.facts.app_metrics import NodeMetrics
from provisioning.operations.rolling_upgrade.sight import Left, Sight
from provisioning.operations.rolling_upgrade.spoken import Spoken

Place = Literal["rip", "vip"]
"""The node's own address, or the VIP's on the node's lo; both are asked for on the node itself."""


class HandError(ClusterError):
    """Something could not be done; the message says what was seen."""


class DirectorAwayError(HandError):
    """It could not be done because a director cannot be reached. That says nothing of the node."""


class AppDownError(HandError):
    """Nothing listens where the app would."""


class Hands(Protocol):
    """Every method may be called again after a cut, and is safe to call for different hosts at a
    time. Each raises ``HandError`` where the host does not do it, or cannot be reached; those that
    need every director raise ``DirectorAwayError`` where one of them cannot."""

    def look(self) -> Sight:
        """The whole cluster now."""

    def stage(self, host: str) -> None:
        """Puts the new release beside the one that runs, and touches nothing else."""

    def drain(self, host: str, reason: str) -> None:
        """Weight 0 on every director, seen in their kernels, then the mark on the node."""

    def left(self, host: str) -> Left:
        """What the drained node still has to do."""

    def settle(self, host: str) -> None:
        """Its clients had their time: persistence does not hold them to it any more."""

    def undrain(self, host: str, percent: int = 100) -> None:
        """The mark away, the node ready at its own address and the VIP, then a share of its
        weight on every director, seen in their kernels."""

    def stop(self, host: str) -> None:
        """Ends the app; jobs it still has may take the time that the service gives them."""

    def switch(self, host: str, release: str) -> None:
        """Makes a release that is there the one that the next start takes."""

    def start(self, host: str) -> None:
        """Starts the app, and sees that its process stays for a moment."""

    def warming(self, host: str) -> str:
        """What keeps its workers from speaking; empty when all of them have spoken."""

    def speak(self, host: str, place: Place) -> Spoken:
        """Has the node say a sentence."""

    def metrics(self, host: str) -> NodeMetrics:
        """What the node counts, and whether it is ready."""

    def director_changes(self, host: str) -> tuple[list[str], bool]:
        """What would change on a director, and whether Keepalived must be restarted for it."""

    def change_director(self, host: str) -> None:
        """Makes the changes: a reload where that is enough, else a restart."""

    def hand_over(self, host: str) -> str | None:
        """Moves the VIPs from this director to another, and says to which; nothing where it
        holds none."""

    def director_settled(self, host: str) -> str:
        """What is not right with a director; empty when all is."""
