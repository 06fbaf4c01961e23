"""Permission to go out of service by itself, so that enough nodes stay whatever happens at once.

A node that wants to go says so in its condition, and waits until every peer must have heard it, and
it them. Of several that want to go, the one whose name comes first goes first, if the ready peers
are enough without it; the next waits until it sees that one gone. So they go one by one, each by
its own count. One that hears of no peer never goes, nor the last one.
"""

import logging
import time
from collections.abc import Callable, Mapping

from .members import Members
from .peer import Condition

_HEARD = 8.0
"""Seconds in which a wish is known to all live peers, and theirs here: more than twice what an
answer may be old (``members._ALIVE_FOR``) and take. With less, two nodes could go on each other's
account."""
_MISSED = 10.0
"""Seconds for which too few may be ready before a node that went comes back."""
_log = logging.getLogger("app.session_routing")


class Leaving:
    """Wish and permission of this node; ``minimum`` is how many other nodes have to be ready."""

    def __init__(self, node: str, minimum: int, now: Callable[[], float] = time.monotonic) -> None:
        self.minimum = minimum
        self.gone = False
        """True while it wants to be out of service, and may."""
        self._node = node
        self._now = now
        self._members: Members | None = None
        self._wished: float | None = None
        self._enough_at = 0.0

    def join(self, members: Members) -> None:
        """Know the peers from now on."""
        self._members = members

    @property
    def wished(self) -> bool:
        """True where it wants to go, or is gone."""
        return self._wished is not None

    @property
    def refusal(self) -> str:
        """Reason for which it stays though it wants to go; empty where it does not want to, has
        gone, or does not know yet."""
        if self._wished is None or self.gone or self._now() - self._wished < _HEARD:
            return ""
        ready = _ready(self._peers())
        nodes, have = (
            "node is" if ready == 1 else "nodes are",
            "has" if self.minimum == 1 else "have",
        )
        return f"{ready} other {nodes} ready, and {self.minimum} {have} to be"

    def ask(self, *, wish: bool) -> bool:
        """Say whether this node wants to be out of service; whether it may be."""
        if not wish:
            self._wished = None
            self.gone = False
        elif self.gone:
            self._stay_away()
        else:
            self._go()
        return self.gone

    def _go(self) -> None:
        now, peers = self._now(), self._peers()
        if self._wished is None:
            self._wished = now
        if now - self._wished >= _HEARD and may_go(self._node, peers, self.minimum):
            self.gone = True
            self._enough_at = now

    def _stay_away(self) -> None:
        now, ready = self._now(), _ready(self._peers())
        if ready >= self.minimum:
            self._enough_at = now
        elif now - self._enough_at >= _MISSED:
            _log.warning("this node comes back: %d others are ready", ready)
            self.gone = False

    def _peers(self) -> dict[str, Condition]:
        return {} if self._members is None else self._members.conditions()


def may_go(node: str, peers: Mapping[str, Condition], minimum: int) -> bool:
    """Tell whether it is this node's turn, and enough peers are ready. Pure."""
    first = not any(said.ready and said.leaving and name < node for name, said in peers.items())
    return first and _ready(peers) >= minimum


def _ready(peers: Mapping[str, Condition]) -> int:
    return sum(said.ready for said in peers.values())
