"""Every fault at once, under fifty jobs: each has one clear end, and the books add up."""

import asyncio
import contextlib
import os
import signal
from collections import Counter

import pytest

from app.workers.causes import Cause
from app.workers.pool import Pool
from app.workers.slot import ServiceTime
from tests.app.workers.test_pool import end_of, pid_of, until, with_pool
from tests.app.workers.test_worker_service import JobRecorder

pytestmark = pytest.mark.usefixtures("plugins")

JOBS = 50
QUEUE_SIZE = 40
# What is asked for, and how it ends when no kill comes between.
ENDS = {
    "hello": "done",
    "slow 0.1": "done",
    "raise": "engine_failed",
    "crash": "worker_died",
    "hang": "deadline",
    "oom": "out_of_memory",
    "leak 40": "done",
    "silent": "cannot_speak",
    "noise": "done",
    "slow 0.2": "done",
}
FAILURES = ("engine_failed", "worker_died", "out_of_memory", "worker_lost")


async def _kill_now_and_then(pool: Pool, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0.4)
        # It may have crashed in this very moment.
        with contextlib.suppress(ProcessLookupError):
            if pool.slots[1].usable:
                os.kill(pid_of(pool, 1), signal.SIGKILL)


def test_fifty_jobs_under_every_fault_are_all_accounted_for() -> None:
    kills = 6

    async def work(pool: Pool) -> None:
        recorder = JobRecorder()
        pool.observe(recorder)
        asked = [list(ENDS)[number % len(ENDS)] for number in range(JOBS)]
        # A second and a half is little for a job that is to end by itself.
        limits = [1.5 if text == "hang" else None for text in asked]
        jobs = [
            asyncio.create_task(end_of(pool, text, limit))
            for text, limit in zip(asked, limits, strict=True)
        ]
        await asyncio.sleep(0)
        assert pool.waiting == QUEUE_SIZE
        given_up = jobs[20:24]
        for job in given_up:
            job.cancel()
        await asyncio.gather(_kill_now_and_then(pool, kills), *jobs, return_exceptions=True)
        ends = ["cancelled" if job.cancelled() else job.result() for job in jobs]

        refused = JOBS - QUEUE_SIZE - len(pool.slots)
        assert ends[-refused:] == ["busy"] * refused
        assert ends[20:24] == ["cancelled"] * 4
        surprised = [
            (text, end)
            for text, end in zip(asked, ends, strict=True)
            if end not in (ENDS[text], "busy", "cancelled")
        ]
        # A kill hurts one job at the most, and says so.
        assert len(surprised) <= kills
        assert {end for _, end in surprised} <= {"worker_died", "worker_lost"}

        await until(lambda: not pool.running)
        counts, totals = Counter(ends), pool.totals
        assert totals.busy == refused
        assert totals.accepted == totals.ended == len(recorder.reports) == JOBS - refused
        outcomes = {
            "done": counts["done"],
            "refused": counts["cannot_speak"],
            "failed": sum(counts[code] for code in FAILURES),
            "timed_out": counts["deadline"],
            "cancelled": counts["cancelled"],
        }
        assert {name: getattr(totals, name) for name in outcomes} == outcomes
        assert Counter(report.outcome.value for report in recorder.reports) == Counter(outcomes)
        assert Counter(recorder.causes) == pool.restarts
        assert pool.restarts[Cause.DEADLINE] == counts["deadline"] > 0
        assert pool.restarts[Cause.OUT_OF_MEMORY] == counts["out_of_memory"] > 0
        await until(lambda: all(slot.usable and not slot.renewing for slot in pool.slots), 60)
        assert await end_of(pool, "hello") == "done"

    service = ServiceTime(jobs=6, growth=64 << 20)
    with_pool(work, slots=3, queue_size=QUEUE_SIZE, job_timeout=60, service=service)
