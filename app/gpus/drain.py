"""Cards in trouble go out of service with their slots, and with the last of them the node.

Every other second the cards are looked at (``watch``). ``outages`` says which are out and when they
come back, ``holds`` which slots that costs, and ``session_routing.peers.leaving`` whether the node
may do without any.
"""

import asyncio
import logging
from collections.abc import Collection

from ..session_routing.peers.leaving import Leaving
from ..workers.pool.pool import Pool
from .events import Events
from .holds import away, holds, troubles
from .outages import Outages
from .places import Places
from .watch import GpuWatch

_INTERVAL = 2.0
"""Seconds between two looks: a card that is lost takes no job for longer than that."""
_log = logging.getLogger("app.gpus")


class GpuDrain:
    """The cards and slots of a node. Where it is not ``active`` it looks at the cards, and leaves
    the slots as they are."""

    def __init__(
        self,
        watch: GpuWatch,
        pool: Pool,
        leaving: Leaving,
        events: Events,
        *,
        active: bool,
        quiet: float,
    ) -> None:
        self.active = active
        self._watch = watch
        self._pool = pool
        self._leaving = leaving
        self._events = events
        self._outages = Outages(quiet)
        self._places = Places()
        self._node = ""

    async def follow(self) -> None:
        """Look at the cards, without end."""
        while True:
            await self._watch.refresh()
            if self.active and self._watch.there and not self._watch.silent:
                self.look()
            await asyncio.sleep(_INTERVAL)

    def look(self) -> None:
        """Hold and let go slots by the cards as they are."""
        cards = self._watch.latest
        self._places.learn(cards)
        slots = [self._places.index(slot.gpu) for slot in self._pool.slots]
        before = set(self._outages.out)
        self._outages.look(troubles(cards, {card for card in slots if card is not None}))
        out = {card: outage.reason for card, outage in self._outages.out.items()}
        every = bool(slots) and all(card in out for card in slots)
        may_go = self._leaving.ask(wish=every)
        self._tell(before, out, slots)
        self._tell_node()
        self._apply(self._reasons(slots, out, may_go=may_go))

    @property
    def out(self) -> Collection[int]:
        """Indices of cards that are out of service."""
        return self._outages.out.keys()

    def status(self) -> dict[str, object]:
        """Its part of ``/cluster/status``."""
        return {
            "mode": "drain" if self.active else "report",
            "out": [
                {"gpu": card, "reason": outage.reason, "back_in": self._outages.back_in(card)}
                for card, outage in sorted(self._outages.out.items())
            ],
            "stays": self._leaving.refusal,
            "history": self._events.told(),
        }

    def _reasons(
        self, slots: list[int | None], out: dict[int, str], *, may_go: bool
    ) -> dict[int, str]:
        if may_go:
            return {number: out[card] for number, card in enumerate(slots) if card is not None}
        held = {number for number, slot in enumerate(self._pool.slots) if slot.held}
        return holds(slots, out, away(self._watch.latest, out), held)

    def _apply(self, wanted: dict[int, str]) -> None:
        for number, slot in enumerate(self._pool.slots):
            reason = wanted.get(number, "")
            if reason == slot.held:
                continue
            if reason:
                self._pool.hold(slot, reason)
            else:
                self._pool.let_go(slot)

    def _tell(self, before: set[int], out: dict[int, str], slots: list[int | None]) -> None:
        for card in sorted(before ^ out.keys()):
            numbers = tuple(number for number, on in enumerate(slots) if on == card)
            if card in out:
                _log.error("out of service: %s", out[card], extra={"slots": list(numbers)})
                self._events.add("out", card, out[card], numbers)
            else:
                _log.info("GPU %d is back in service", card, extra={"slots": list(numbers)})
                self._events.add("back", card, "", numbers)

    def _tell_node(self) -> None:
        refusal = self._leaving.refusal
        now = "node out" if self._leaving.gone else "node stays" if refusal else ""
        if now == self._node:
            return
        event, self._node = now or "node back", now
        reason = refusal or ("no slot is left" if self._leaving.gone else "")
        level = logging.INFO if event == "node back" else logging.ERROR
        _log.log(level, "%s%s", event, f": {reason}" if reason else "")
        self._events.add(event, None, reason, ())
