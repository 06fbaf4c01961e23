"""Self-tests of workers whose job has failed, and the replacement of those that fail them."""

import asyncio
from collections import Counter

from app.workers import self_test
from app.workers.causes import Cause
from app.workers.job_queue import JobQueue
from app.workers.renewal import Renewal
from app.workers.self_test import Verdict
from app.workers.slot import Slot
from app.workers.tasks import Tasks
from app.workers.worker import Worker


class Examination:
    """Self-tests of workers before they get their next job."""

    def __init__(self, queue: JobQueue, renewal: Renewal, tasks: Tasks, patience: float) -> None:
        self._queue = queue
        self._renewal = renewal
        self._tasks = tasks
        self._patience = patience
        self.verdicts: Counter[Verdict] = Counter()

    def begin(self, slot: Slot, worker: Worker, times: int) -> asyncio.Task[bool]:
        """Have a worker that has no job say its first words, and replace it where it cannot; the
        result is whether it can. Frees the slot."""
        return self._tasks.spawn(self._examine(slot, worker, times))

    async def _examine(self, slot: Slot, worker: Worker, times: int) -> bool:
        if trouble := await self_test.trouble(worker, times, self._patience):
            worker.kill(Cause.SELF_TEST, f"its engine fails: {trouble}")
        self.verdicts[Verdict.FAILED if trouble else Verdict.PASSED] += 1
        self._renewal.release(slot, worker)
        if trouble:
            self._examine_idle()
        return not trouble

    def _examine_idle(self) -> None:
        """Test the idle workers too: what one worker lacks others may lack."""
        while (slot := self._queue.take()) is not None:
            if slot.worker is not None:
                self.begin(slot, slot.worker, 1)
