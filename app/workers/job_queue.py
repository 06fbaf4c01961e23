"""The line before the workers: who gets the next slot. First come, first served.

Patient jobs stand apart. One gets a slot only while nobody else waits, here or on another node, and
where another slot stays idle if the node has several. So whoever comes finds an idle slot, or one
that is free as soon as a patient job ends.
"""

import asyncio
import bisect
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .remote import Neighbours, RemoteSlot
from .slot import Slot, SlotState
from .worker import Worker


@dataclass(eq=False, slots=True)
class _Place:
    request_id: str
    arrived: float
    turn: asyncio.Future[Slot | RemoteSlot]
    given: tuple[Slot, Worker | None] | None = None
    """The slot and its worker at the moment it was given."""
    joined: float = field(default_factory=time.monotonic)


class JobQueue:
    """Idle slots, or jobs that wait for one; never both. Belongs to one event loop.

    ``kept_idle``: slots that patient jobs leave idle.
    """

    def __init__(self, kept_idle: Callable[[], int] = lambda: 0) -> None:
        self.neighbours = Neighbours()
        self._kept_idle = kept_idle
        self._idle: deque[Slot] = deque()
        self._places: list[_Place] = []
        self._patient: list[_Place] = []
        self._slots_of_patient: set[Slot] = set()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return sum(not place.turn.done() for place in self._places)

    @property
    def idle(self) -> int:
        """Slots nobody uses."""
        return len(self._idle)

    @property
    def patient(self) -> int:
        """Patient jobs in the queue."""
        return sum(not place.turn.done() for place in self._patient)

    @property
    def soon(self) -> int:
        """Slots that have patient jobs: the next that are free."""
        return sum(slot.state is SlotState.BUSY for slot in self._slots_of_patient)

    @property
    def spare(self) -> int:
        """Idle slots that patient jobs may have."""
        if self.waiting or self.neighbours.wanting:
            return 0
        return max(0, len(self._idle) - self._kept_idle())

    @property
    def oldest(self) -> float | None:
        """Arrival of the first in the queue; None when nobody waits."""
        return next((place.arrived for place in self._places if not place.turn.done()), None)

    def ahead(self, request_id: str) -> int | None:
        """Count the jobs before this one; None when it is not in the queue (any more)."""
        ahead = 0
        for place in self._places:
            if place.turn.done():
                continue
            if place.request_id == request_id:
                return ahead
            ahead += 1
        return None

    async def acquire(self, request_id: str, arrived: float) -> Slot | RemoteSlot:
        """A slot, which is busy from now on, or a worker elsewhere; waits for it in the queue,
        behind those who arrived (on any clock, the same for all) no later."""
        if self._idle:
            return self._busy(self._idle.popleft())
        return await self._turn(self._places, request_id, arrived)

    async def acquire_spare(self, request_id: str, arrived: float) -> Slot | RemoteSlot:
        """A slot that nobody else wants, or a worker elsewhere, for a patient job."""
        if slot := self.take_spare():
            return slot
        return await self._turn(self._patient, request_id, arrived)

    async def _turn(self, line: list[_Place], request_id: str, arrived: float) -> Slot | RemoteSlot:
        place = _Place(request_id, arrived, asyncio.get_running_loop().create_future())
        bisect.insort(line, place, key=lambda other: other.arrived)
        self.neighbours.changed()
        try:
            return await place.turn
        except asyncio.CancelledError:
            # Given a slot in the very moment of being cancelled: pass it on.
            if place.given is not None:
                self.give_back(*place.given)
            raise
        finally:
            with contextlib.suppress(ValueError):
                line.remove(place)
                self.neighbours.changed()
                # It may have been the last before those who are patient.
                self.serve_patient()

    def offer(self, slot: Slot) -> None:
        """A slot with a worker that is free: for whoever waits longest, here or elsewhere, or to
        be kept. One that is held rests."""
        self._slots_of_patient.discard(slot)
        if slot.held:
            slot.rest()
            return
        slot.state = SlotState.BUSY
        if not self.neighbours.keeps(slot):
            self.give(slot)

    def give(self, slot: Slot) -> None:
        """A slot that is free: for whoever waits longest here, or to be kept. One that is held
        rests."""
        self._slots_of_patient.discard(slot)
        if slot.held:
            slot.rest()
            return
        if place := _first(self._places):
            place.given = (slot, slot.worker)
            place.turn.set_result(self._busy(slot))
            self.neighbours.changed()
            return
        slot.state = SlotState.IDLE
        self._idle.append(slot)
        self.serve_patient()

    def serve_patient(self) -> None:
        """Give patient jobs the slots that they may have now."""
        while self.spare and (place := _first(self._patient)):
            slot = self._idle.popleft()
            place.given = (slot, slot.worker)
            self._slots_of_patient.add(slot)
            place.turn.set_result(self._busy(slot))

    def give_back(self, slot: Slot, worker: Worker | None) -> None:
        """A slot that was given, with this worker, and not used."""
        # One whose worker has ended meanwhile offers itself with the next one.
        if worker is not None and slot.worker is worker and worker.alive:
            self.give(slot)

    def take(self) -> Slot | None:
        """A slot that nobody uses, busy from now on; None where there is none."""
        return self._busy(self._idle.popleft()) if self._idle else None

    def take_spare(self) -> Slot | None:
        """The same for a patient job, where it may have one."""
        if not self.spare:
            return None
        slot = self._busy(self._idle.popleft())
        self._slots_of_patient.add(slot)
        return slot

    def lend(self, elsewhere: RemoteSlot) -> bool:
        """Send whoever waits longest elsewhere; whether anybody waits."""
        return self._lend(self._places, elsewhere)

    def lend_patient(self, elsewhere: RemoteSlot) -> bool:
        """Send the first of the patient jobs elsewhere; whether there is one."""
        return self._lend(self._patient, elsewhere)

    def _lend(self, line: list[_Place], elsewhere: RemoteSlot) -> bool:
        place = _first(line)
        if place is None:
            return False
        place.turn.set_result(elsewhere)
        self.neighbours.changed()
        return True

    def withdraw(self, slot: Slot) -> None:
        """A slot that is idle no longer, without having been given to anyone."""
        self._slots_of_patient.discard(slot)
        with contextlib.suppress(ValueError):
            self._idle.remove(slot)

    def dismiss(self, reason: Callable[[], Exception], after: float = 0.0) -> None:
        """Fail the jobs that have been in the queue for ``after`` seconds, each with an error of
        its own."""
        joined = time.monotonic() - after
        for place in (*self._places, *self._patient):
            if not place.turn.done() and place.joined <= joined:
                place.turn.set_exception(reason())

    @staticmethod
    def _busy(slot: Slot) -> Slot:
        slot.state = SlotState.BUSY
        return slot


def _first(line: list[_Place]) -> _Place | None:
    """Take out the job that has waited longest."""
    while line:
        place = line.pop(0)
        if not place.turn.done():
            return place
    return None
