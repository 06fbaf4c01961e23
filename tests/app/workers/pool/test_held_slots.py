"""Slots that are held back, because their card is in trouble, and let go again."""

import asyncio
from pathlib import Path

import pytest

from app.workers.causes import Cause
from app.workers.pool.pool import Pool
from app.workers.slot import Slot, SlotState
from tests.app.workers.pool.test_pool import end_of, until, with_pool

pytestmark = pytest.mark.usefixtures("plugins")
WHY = "GPU 0 had Xid 79"


def at_rest(slot: Slot) -> bool:
    """It is held, and its worker is gone."""
    return slot.state is SlotState.HELD and not any(worker.alive for worker in slot.workers)


def test_an_idle_slot_rests_and_comes_back_with_a_new_worker() -> None:
    async def work(pool: Pool) -> None:
        slot = pool.slots[0]
        before = slot.worker
        pool.hold(slot, WHY)
        assert pool.queue.idle == 1
        # The node is ready by the other one.
        assert (pool.not_ready, pool.capacity) == ("", 1)
        await until(lambda: at_rest(slot))
        assert slot.detail == WHY
        assert [await end_of(pool, "hello") for _ in range(3)] == ["done"] * 3
        pool.let_go(slot)
        await until(lambda: slot.usable)
        assert (pool.capacity, pool.queue.idle) == (2, 2)
        assert slot.worker is not before
        assert pool.restarts == {Cause.GPU: 1}

    with_pool(work, slots=2)


def test_a_job_that_runs_may_end_and_none_follows_it(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        end = tmp_path / "end"
        job = asyncio.create_task(end_of(pool, f"until {end}"))
        await until(lambda: pool.running == 1)
        for other in pool.slots:
            pool.hold(other, WHY)
        # With none left the node is not ready, whatever still runs.
        assert (pool.not_ready, pool.capacity) == (WHY, 0)
        waits = asyncio.create_task(end_of(pool, "hello"))
        end.touch()
        assert await job == "done"
        await until(lambda: all(at_rest(other) for other in pool.slots))
        # There is no other node that could take it.
        assert await waits == "no_worker"

    with_pool(work, slots=2)


def test_a_slot_that_starts_is_held_at_once_and_starts_again() -> None:
    async def work(pool: Pool) -> None:
        slot = pool.slots[0]
        await until(lambda: bool(slot.workers))
        pool.hold(slot, WHY)
        await until(lambda: at_rest(slot))
        pool.let_go(slot)
        await until(lambda: slot.usable)
        assert await end_of(pool, "hello") == "done"

    with_pool(work, ready=False)


def test_a_slot_that_is_let_go_before_its_worker_has_ended_starts_another() -> None:
    async def work(pool: Pool) -> None:
        slot = pool.slots[0]
        pool.hold(slot, WHY)
        pool.let_go(slot)
        await until(lambda: slot.usable)
        assert await end_of(pool, "hello") == "done"

    with_pool(work)
