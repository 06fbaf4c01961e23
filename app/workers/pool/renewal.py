"""Planned replacement of workers, one at a time, and the end of those that are replaced."""

from collections.abc import Sequence

from ..causes import Cause
from ..job_queue import JobQueue
from ..slot import Slot, SlotState
from ..worker import Worker
from .readiness import any_loading
from .tasks import Tasks

CANCEL_PATIENCE = 2.0
"""Seconds a worker may take to notice that its job is no longer wanted, or that it is to end."""


class Renewal:
    """Release of slots after their jobs, and replacement of workers that have served their time."""

    def __init__(self, slots: Sequence[Slot], queue: JobQueue, tasks: Tasks) -> None:
        self._slots = slots
        self._queue = queue
        self._tasks = tasks
        self._renewing: set[Slot] = set()
        self.leaving: set[Worker] = set()
        """Workers that are replaced and have not ended yet."""

    def release(self, slot: Slot, worker: Worker) -> None:
        """Free a slot whose job is over. A worker that has ended, or is about to, is left alone:
        the slot offers itself with the next one."""
        if slot.worker is not worker or not worker.alive:
            return
        self._hand_over(slot)
        if (cause := slot.due) is None or self._renewing or any_loading(self._slots):
            self._queue.offer(slot)
        elif slot.has_room:
            self._renewing.add(slot)
            self._tasks.spawn(self._renew(slot, cause))
            self._queue.offer(slot)
        else:
            slot.pause(cause)
            self._retire(worker, cause)

    def rest(self, slot: Slot) -> None:
        """End the worker of a slot that is held; it has no job."""
        if slot.worker is not None:
            self._retire(slot.worker, Cause.GPU)

    async def _renew(self, slot: Slot, cause: Cause) -> None:
        try:
            await slot.load_successor(cause)
        finally:
            self._renewing.discard(slot)
        if slot.state is SlotState.IDLE:
            self._hand_over(slot)

    def _hand_over(self, slot: Slot) -> None:
        if (old := slot.hand_over()) is not None:
            self._retire(old, old.end_cause)

    def _retire(self, worker: Worker, cause: Cause) -> None:
        async def retire() -> None:
            await worker.stop(CANCEL_PATIENCE, cause)
            self.leaving.discard(worker)

        self.leaving.add(worker)
        self._tasks.spawn(retire())
