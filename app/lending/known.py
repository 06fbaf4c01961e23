"""Knowledge that a node and one of its peers have of each other's lines."""

import asyncio
from dataclasses import dataclass, field

from ..session_routing.peers.peer import Peer
from ..workers.slot import Slot
from ..workers.worker import Worker


@dataclass(eq=False, slots=True)
class Hold:
    """A slot that is held for a job of a peer."""

    slot: Slot
    worker: Worker | None
    used: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def good(self) -> bool:
        """Tell whether the slot still has the worker it had."""
        return self.worker is not None and self.slot.worker is self.worker and self.worker.alive


@dataclass(eq=False, slots=True)
class Told:
    """A peer's place among those that are told of waiting jobs. Times are this node's."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """A job of this node is over there."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    oldest: float | None = None
    """Arrival of this queue's first job as the peer knows it; not a number where it is to be told
    anew."""
    at: float = 0.0
    served: bool = False
    """It has got a job, so another may be told instead."""
    telling: asyncio.Task[None] = field(init=False)
    borrowing: asyncio.Task[None] = field(init=False)

    def end(self) -> None:
        """Tell and ask it nothing more."""
        self.telling.cancel()
        self.borrowing.cancel()


@dataclass(eq=False, slots=True)
class Known:
    """Mutual knowledge of this node and a peer. Times are this node's."""

    peer: Peer
    told: Told | None = None
    oldest: float | None = None
    """Arrival of the first job in its queue."""
    heard: float = 0.0
    shy_until: float = 0.0
    served_at: float = 0.0
    """Last time it got a job of this node; it may be busy with that still."""
    holds: list[Hold] = field(default_factory=list)
