"""Peers as the broker asks them."""

from typing import Protocol

from ..errors import NodeError
from ..session_routing.peers.peer import Peer
from ..workers.remote import RemoteSlot


class PeerSilentError(NodeError):
    """A peer did not answer, or not as a peer does."""


class PeerClient(Protocol):
    """Requests to peers. Ages are in seconds; clocks of nodes are never compared."""

    async def waiting(self, peer: Peer, age: float | None) -> int:
        """Tell that a job has waited here for so long, or that none waits; how many slots are
        idle there.

        Raises ``PeerSilentError``."""
        ...

    async def offer(self, peer: Peer, next_best: float | None) -> tuple[bool, float | None]:
        """Offer a slot, which else goes to a job that has waited for ``next_best``; whether a job
        comes, and how long the first that then waits there has. Raises ``PeerSilentError``."""
        ...

    async def spare(self, peer: Peer) -> int:
        """Ask how many slots a patient job could have there. Raises ``PeerSilentError``."""
        ...

    def loan(self, peer: Peer) -> RemoteSlot:
        """A worker of the peer, for one job."""
        ...
