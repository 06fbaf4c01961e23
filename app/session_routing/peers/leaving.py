"""Permission to go out of service by itself, so that enough nodes stay whatever happens at once.

A node that wants to go says so in its condition, and waits until every peer must have heard it, and
it them. Of several that want to go, the one whose name comes first goes first, if the ready peers
are enough without it; the next waits until it sees that one gone. So they go one by one, each by
its own count. One that hears of no peer never goes, nor the last one.
"""

import logging
import time
from collections.abc import Callable, Mapping

from .enough import Enough
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
    """Wish and permission of this node; ``enough`` is what has to be ready without it."""

    def __init__(
        self, node: str, enough: Enough, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._enough = enough
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
        return self._enough.in_words(self._ready(self._peers()))

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
        enough = self._ready(peers) >= self._enough.minimum
        if now - self._wished >= _HEARD and enough and first(self._node, peers):
            self.gone = True
            self._enough_at = now

    def _stay_away(self) -> None:
        now, ready = self._now(), self._ready(self._peers())
        if ready >= self._enough.minimum:
            self._enough_at = now
        elif now - self._enough_at >= _MISSED:
            _log.warning("this node comes back: %d others are ready", ready)
            self.gone = False

    def _peers(self) -> dict[str, Condition]:
        """Conditions of those that can stand in for this node."""
        members = self._members
        if members is None:
            return {}
        concerned = self._enough.concerned(members.own, members.peers.values())
        return {name: said for name, said in members.conditions().items() if name in concerned}

    def _ready(self, peers: Mapping[str, Condition]) -> int:
        members = self._members
        return 0 if members is None else self._enough.ready(members.own, members.peers, peers)


def first(node: str, peers: Mapping[str, Condition]) -> bool:
    """Tell whether it is this node's turn to go. Pure."""
    return not any(said.ready and said.leaving and name < node for name, said in peers.items())
