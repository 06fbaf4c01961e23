"""The line before the workers: who gets the next slot. First come, first served."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.workers.slot import Slot, SlotState
from app.workers.worker import Worker


@dataclass(eq=False, slots=True)
class _Place:
    request_id: str
    turn: asyncio.Future[Slot]
    worker: Worker | None = None
    """The slot's worker at the moment it was given."""


class Line:
    """Idle slots, or jobs that wait for one; never both. Belongs to one event loop."""

    def __init__(self) -> None:
        self._idle: deque[Slot] = deque()
        self._places: deque[_Place] = deque()

    @property
    def waiting(self) -> int:
        """Jobs in line."""
        return sum(not place.turn.done() for place in self._places)

    @property
    def idle(self) -> int:
        """Slots nobody uses."""
        return len(self._idle)

    def ahead(self, request_id: str) -> int | None:
        """How many jobs are before this one; None when it is not in line (any more)."""
        ahead = 0
        for place in self._places:
            if place.turn.done():
                continue
            if place.request_id == request_id:
                return ahead
            ahead += 1
        return None

    async def acquire(self, request_id: str) -> Slot:
        """A slot, which is busy from now on; waits for it in line."""
        if self._idle:
            slot = self._idle.popleft()
            slot.state = SlotState.BUSY
            return slot
        place = _Place(request_id, asyncio.get_running_loop().create_future())
        self._places.append(place)
        try:
            return await place.turn
        except asyncio.CancelledError:
            # Given a slot in the very moment of being cancelled: pass it on.
            if place.worker is not None:
                self._pass_on(place.turn.result(), place.worker)
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._places.remove(place)

    def offer(self, slot: Slot) -> None:
        """A slot with a worker that is free: for whoever waits longest, or to be kept."""
        while self._places:
            place = self._places.popleft()
            if not place.turn.done():
                slot.state = SlotState.BUSY
                place.worker = slot.worker
                place.turn.set_result(slot)
                return
        slot.state = SlotState.IDLE
        self._idle.append(slot)

    def withdraw(self, slot: Slot) -> None:
        """A slot that is idle no longer, without having been given to anyone."""
        with contextlib.suppress(ValueError):
            self._idle.remove(slot)

    def _pass_on(self, slot: Slot, worker: Worker) -> None:
        # One whose worker has ended meanwhile offers itself with the next one.
        if slot.worker is worker and worker.alive:
            self.offer(slot)

    def dismiss(self, reason: Callable[[], Exception]) -> None:
        """Everybody in line goes away, with an error of their own."""
        for place in self._places:
            if not place.turn.done():
                place.turn.set_exception(reason())
