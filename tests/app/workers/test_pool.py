"""Worker processes under faults: whatever happens, every job has one clear end."""

import asyncio
import contextlib
import gc
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.engines.interface import SynthesisRequest
from app.errors import SpeechError
from app.workers.job import Job
from app.workers.pool import Pool
from app.workers.pool_size import PoolSize
from app.workers.report import JobReport
from app.workers.slot import ServiceTime
from app.workers.worker import WorkerCommand
from tests.app.held import Held

pytestmark = pytest.mark.usefixtures("plugins")
COMMAND = WorkerCommand("faulty", "rs1", "critical")


def with_pool(
    work: Callable[[Pool], Awaitable[None]],
    *,
    slots: int = 1,
    queue_size: int = 8,
    job_timeout: float = 20,
    ready: bool = True,
    service: ServiceTime | None = None,
    gpus: tuple[str, ...] | None = None,
) -> None:
    """Run `work` on a pool, and check its books afterwards."""

    async def main() -> None:
        size = PoolSize(
            slots, queue_size, job_timeout, 30, service=service or ServiceTime(), gpus=gpus
        )
        pool = Pool(COMMAND, size)
        pool.start()
        try:
            if ready:
                await until(lambda: not pool.not_ready)
            await work(pool)
            await until(lambda: not pool.running and not pool.waiting)
            assert pool.totals.ended == pool.totals.accepted
        finally:
            await pool.stop()
        assert not any(worker.alive for slot in pool.slots for worker in slot.workers)

    # What earlier tests have left goes now, not in the middle.
    gc.collect()
    before = children() | descriptors()
    asyncio.run(main())
    assert not (children() | descriptors()) - before, "no process, zombie or file is left"


def children() -> set[str]:
    """This process's children, zombies too."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def descriptors() -> set[str]:
    """Open files of this process: where their links lead to, for numbers are used again."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        # The listing's own is closed by now.
        with contextlib.suppress(FileNotFoundError):
            found.add(f"{path.name} {path.readlink()}")
    return found


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def speak(
    pool: Pool,
    text: str,
    request_id: str = "request",
    timeout: float | None = None,
    seed: int = 1,
    report: JobReport | None = None,
) -> bytes:
    job = Job(request_id, SynthesisRequest(text, "tone", 1.0, seed), timeout)
    return b"".join([piece async for piece in pool.speak(job, report=report)])


async def end_of(
    pool: Pool, text: str, timeout: float | None = None, report: JobReport | None = None
) -> str:
    """How a job ends: `done`, or the code of its error."""
    try:
        await speak(pool, text, timeout=timeout, report=report)
    except SpeechError as error:
        assert error.en
        assert error.zh
        return error.code
    return "done"


def pid_of(pool: Pool, index: int = 0) -> int:
    worker = pool.slots[index].worker
    assert worker is not None
    return worker.pid


def test_a_job_is_spoken_by_a_process_of_its_own() -> None:
    async def work(pool: Pool) -> None:
        pcm = await speak(pool, "pid")
        bits = [pcm[2 * bit] | pcm[2 * bit + 1] << 8 for bit in range(32)]
        pid = sum((value != 0) << bit for bit, value in enumerate(bits))
        assert pid == pid_of(pool) != os.getpid()

    with_pool(work)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("crash", "worker_died"),
        ("raise", "engine_failed"),
        ("oom", "out_of_memory"),
        ("silent", "cannot_speak"),
    ],
)
def test_a_job_that_fails_is_told_why_and_the_next_is_served(text: str, code: str) -> None:
    async def work(pool: Pool) -> None:
        assert await end_of(pool, text) == code
        assert await end_of(pool, "hello") == "done"

    with_pool(work)


def test_too_loud_is_clipped_not_wrapped() -> None:
    async def work(pool: Pool) -> None:
        pcm = await speak(pool, "loud")
        assert {pcm[i : i + 2] for i in range(0, len(pcm), 2)} == {b"\xff\x7f"}

    with_pool(work)


def test_a_deadline_replaces_the_worker() -> None:
    async def work(pool: Pool) -> None:
        before = pid_of(pool)
        began = asyncio.get_running_loop().time()
        assert await end_of(pool, "hang") == "deadline"
        # Of the hour that it would take.
        assert 1 <= asyncio.get_running_loop().time() - began < 60
        assert await end_of(pool, "hello", timeout=30) == "done"
        assert pid_of(pool) != before
        assert pool.totals.timed_out == 1

    with_pool(work, job_timeout=1)


def test_kill_in_the_middle_hurts_one_job_only(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        reports = [JobReport("") for _ in range(4)]
        with Held(tmp_path) as held:
            jobs = [asyncio.create_task(end_of(pool, held.text, report=one)) for one in reports]
            # One that has not begun would be done by another worker.
            await until(lambda: sum(one.first_audio is not None for one in reports) == 2)
            os.kill(pid_of(pool), signal.SIGKILL)
            await until(lambda: pool.totals.failed == 1)
        ends = await asyncio.gather(*jobs)
        assert sorted(ends) == ["done", "done", "done", "worker_died"]
        await until(lambda: not pool.not_ready)
        assert pool.slots[0].restarts == 1

    with_pool(work, slots=2)


def test_an_idle_worker_that_dies_is_replaced_unnoticed() -> None:
    async def work(pool: Pool) -> None:
        os.kill(pid_of(pool), signal.SIGKILL)
        assert await end_of(pool, "hello") == "done"
        assert (pool.totals.failed, pool.slots[0].restarts) == (0, 1)

    with_pool(work)


def test_a_stopped_worker_process_is_noticed_by_its_deadline() -> None:
    async def work(pool: Pool) -> None:
        os.kill(pid_of(pool), signal.SIGSTOP)
        assert await end_of(pool, "hello") == "deadline"
        assert await end_of(pool, "hello", timeout=30) == "done"

    with_pool(work, job_timeout=1)


def test_a_full_queue_answers_at_once(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        with Held(tmp_path) as held:
            jobs = [asyncio.create_task(end_of(pool, held.text)) for _ in range(3)]
            await until(lambda: pool.waiting == 2)
            with pytest.raises(SpeechError) as caught:
                await speak(pool, "hello")
            assert not any(job.done() for job in jobs), "it was refused without a wait"
        assert caught.value.code == "busy"
        assert caught.value.retry_after
        assert await asyncio.gather(*jobs) == ["done"] * 3
        assert pool.totals.busy == 1

    with_pool(work, queue_size=2)


def test_closing_the_stream_stops_the_work() -> None:
    async def work(pool: Pool) -> None:
        before = pid_of(pool)
        job = Job("request", SynthesisRequest("slow 30", "tone", 1.0, 1))
        async with contextlib.aclosing(pool.speak(job)) as pieces:
            await anext(pieces)
        assert await end_of(pool, "hello") == "done"
        assert pool.totals.cancelled == 1
        assert pid_of(pool) == before, "a worker that listens is not replaced"

    with_pool(work)


def test_cancelling_work_that_does_not_listen_replaces_the_worker() -> None:
    async def work(pool: Pool) -> None:
        before = pid_of(pool)
        task = asyncio.create_task(speak(pool, "hang"))
        await until(lambda: pool.running == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await end_of(pool, "hello") == "done"
        assert pid_of(pool) != before

    with_pool(work)


def test_cancelling_a_waiting_job_frees_its_place(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        with Held(tmp_path) as held:
            running = asyncio.create_task(end_of(pool, held.text))
            await until(lambda: pool.running == 1)
            waiting = asyncio.create_task(end_of(pool, "hello"))
            await until(lambda: pool.waiting == 1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert pool.waiting == 0
        assert await running == "done"
        assert await end_of(pool, "hello") == "done"

    with_pool(work, queue_size=1)


def test_fifty_jobs_under_repeated_killing_are_all_accounted_for() -> None:
    async def work(pool: Pool) -> None:
        texts = ["hello", "slow 0.1", "raise", "crash", "slow 0.2"] * 10
        jobs = [asyncio.create_task(end_of(pool, text)) for text in texts]
        kills = 0
        while not all(job.done() for job in jobs):
            await asyncio.sleep(0.3)
            if kills < 8 and pool.slots[1].usable:
                # It may have crashed in this very moment.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid_of(pool, 1), signal.SIGKILL)
                kills += 1
        ends = Counter(job.result() for job in jobs)
        assert set(ends) <= {"done", "engine_failed", "worker_died"}
        # A kill hurts one job at the most.
        assert 30 - kills <= ends["done"] <= 30
        assert 10 - kills <= ends["engine_failed"] <= 10
        assert 10 <= ends["worker_died"] <= 10 + kills
        assert ends.total() == pool.totals.accepted == 50

    with_pool(work, slots=2, queue_size=100)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("unavailable", "the weights are missing"), ("crash", "ended with exit code 7")],
)
def test_an_engine_that_does_not_load_is_told(
    monkeypatch: pytest.MonkeyPatch, trouble: str, said: str
) -> None:
    monkeypatch.setenv("FAULTY_ENGINE_LOAD", trouble)

    async def work(pool: Pool) -> None:
        assert "first words" in pool.not_ready
        early = asyncio.create_task(end_of(pool, "hello"))
        await until(lambda: said in pool.not_ready)
        assert await early == "no_worker"
        assert await end_of(pool, "hello") == "no_worker"
        monkeypatch.delenv("FAULTY_ENGINE_LOAD")
        await until(lambda: not pool.not_ready)
        assert await end_of(pool, "hello") == "done"

    with_pool(work, ready=False)


def test_stopping_ends_the_waiting_and_the_running() -> None:
    async def main() -> None:
        pool = Pool(COMMAND, PoolSize(1, 8, 20, 30))
        pool.start()
        await until(lambda: not pool.not_ready)
        jobs = [asyncio.create_task(end_of(pool, "slow 30")) for _ in range(3)]
        await until(lambda: pool.waiting == 2)
        await pool.stop()
        assert await asyncio.gather(*jobs) == ["stopping"] * 3
        assert await end_of(pool, "hello") == "stopping"

    asyncio.run(main())
