"""Cards out of service, and when they come back. Pure but for the clock.

A card goes at the first look that finds it in trouble. It comes back once it was seen whole for a
quiet time, which doubles with each fault of the last hour, up to an hour: one that flaps spends
its time outside, and takes no worker with it each time it looks well for a moment.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_REMEMBERED = 3600.0
"""Seconds for which a fault counts; also the longest quiet time."""


@dataclass(slots=True)
class Outage:
    """A card that is out of service."""

    reason: str
    """The latest."""
    quiet: float
    """Seconds that it has to be whole."""
    whole_since: float | None = None
    """Nothing while it is in trouble."""


@dataclass(slots=True)
class Outages:
    """All of a node; ``quiet`` is the time in seconds after a first fault."""

    quiet: float
    now: Callable[[], float] = time.monotonic
    out: dict[int, Outage] = field(default_factory=dict)
    """By the index of the card."""
    _faults: dict[int, list[float]] = field(default_factory=dict)

    def look(self, troubles: Mapping[int, str]) -> None:
        """Take in the troubles of all cards as of now; whole ones have none."""
        now = self.now()
        for card, reason in troubles.items():
            self._broken(card, reason, now)
        for card in self.out.keys() - troubles.keys():
            self._whole(card, now)

    def back_in(self, card: int) -> float | None:
        """Seconds until a card is back if it stays whole; nothing while it is in trouble."""
        outage = self.out[card]
        if outage.whole_since is None:
            return None
        return max(0.0, outage.whole_since + outage.quiet - self.now())

    def _broken(self, card: int, reason: str, now: float) -> None:
        outage = self.out.get(card)
        if outage is None or outage.whole_since is not None:
            recent = [when for when in self._faults.get(card, ()) if now - when < _REMEMBERED]
            self._faults[card] = [*recent, now]
            quiet = min(self.quiet * 2 ** len(recent), max(_REMEMBERED, self.quiet))
            self.out[card] = Outage(reason, quiet)
        else:
            outage.reason = reason

    def _whole(self, card: int, now: float) -> None:
        outage = self.out[card]
        if outage.whole_since is None:
            outage.whole_since = now
        if now - outage.whole_since >= outage.quiet:
            del self.out[card]
