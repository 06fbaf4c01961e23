"""Patient jobs get what nobody else wants."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from app.workers.job_queue import JobQueue
from app.workers.remote import Neighbours
from app.workers.slot import Slot
from tests.app.workers.test_job_queue import FakeSlot


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def soon(queue: JobQueue, name: str, *, patient: bool) -> asyncio.Task[Any]:
    """A job that has asked for a slot."""
    ask = queue.acquire_spare if patient else queue.acquire
    task = asyncio.ensure_future(ask(name, 0.0))
    await asyncio.sleep(0)
    return task


def slots(queue: JobQueue, count: int) -> list[Slot]:
    found = [cast(Slot, FakeSlot()) for _ in range(count)]
    for slot in found:
        queue.offer(slot)
    return found


def test_whoever_comes_goes_before_all_that_are_patient() -> None:
    async def work() -> None:
        queue = JobQueue()
        (slot,) = slots(queue, 1)
        first = await soon(queue, "a", patient=True)
        assert first.done() and (queue.idle, queue.soon, queue.waiting) == (0, 1, 0)
        second = await soon(queue, "b", patient=True)
        somebody = await soon(queue, "c", patient=False)
        assert (queue.waiting, queue.patient) == (1, 1)
        queue.offer(slot)
        await asyncio.sleep(0)
        assert somebody.done() and not second.done() and queue.soon == 0
        queue.offer(slot)
        await asyncio.sleep(0)
        assert second.done() and queue.soon == 1

    run(work())


def test_a_slot_stays_idle_where_there_are_several() -> None:
    async def work() -> None:
        queue = JobQueue(lambda: 1)
        both = slots(queue, 2)
        first = await soon(queue, "a", patient=True)
        second = await soon(queue, "b", patient=True)
        assert first.done() and not second.done() and queue.idle == 1
        somebody = await soon(queue, "c", patient=False)
        assert somebody.done()
        queue.offer(both[0])
        await asyncio.sleep(0)
        assert not second.done(), "the last idle slot is for others"
        queue.offer(both[1])
        await asyncio.sleep(0)
        assert second.done() and queue.idle == 1

    run(work())


def test_nothing_is_spare_while_a_job_waits_on_another_node() -> None:
    class Wanting(Neighbours):
        wants = True

        @property
        def wanting(self) -> bool:
            return self.wants

    async def work() -> None:
        queue = JobQueue()
        queue.neighbours = neighbours = Wanting()
        slots(queue, 1)
        patient = await soon(queue, "a", patient=True)
        assert not patient.done() and queue.take_spare() is None
        neighbours.wants = False
        queue.serve_patient()
        await asyncio.sleep(0)
        assert patient.done()

    run(work())


def test_a_slot_that_came_too_late_is_not_lost() -> None:
    async def work() -> None:
        queue = JobQueue()
        patient = await soon(queue, "a", patient=True)
        slots(queue, 1)
        patient.cancel()
        await asyncio.gather(patient, return_exceptions=True)
        assert (queue.idle, queue.soon, queue.patient) == (1, 0, 0)

    run(work())
