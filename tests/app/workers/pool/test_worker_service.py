"""Deadlines, planned replacement, cards, places in line, and what observers are told."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from app.workers.causes import Cause
from app.workers.observer import PoolObserver
from app.workers.pool.pool import Pool
from app.workers.report import JobReport
from app.workers.slot import ServiceTime
from app.workers.totals import Outcome
from tests.app.held import Held
from tests.app.workers.pool.test_pool import children, end_of, pid_of, speak, until, with_pool

pytestmark = pytest.mark.usefixtures("plugins")


def test_a_request_says_how_long_it_may_take() -> None:
    async def work(pool: Pool) -> None:
        assert await end_of(pool, "slow 5", timeout=0.5) == "deadline"
        assert await end_of(pool, "slow 1.5", timeout=10) == "done"
        for wrong in (0, -1, 301, float("nan"), float("inf")):
            assert await end_of(pool, "hello", timeout=wrong) == "timeout_out_of_range"
        assert pool.totals.accepted == 2, "what is refused at once was never accepted"

    with_pool(work, job_timeout=1)


def test_what_runs_tells_how_long_it_may_still_take(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        assert pool.seconds_left == 0
        with Held(tmp_path) as held:
            task = asyncio.create_task(end_of(pool, held.text, timeout=200))
            await until(lambda: pool.running == 1)
            assert 100 < pool.seconds_left <= 200
        await task
        assert pool.seconds_left == 0

    with_pool(work)


@pytest.mark.parametrize("gpus", [None, ("0",)], ids=["successor first", "one after the other"])
def test_a_worker_is_replaced_after_so_many_jobs_and_no_job_notices(
    gpus: tuple[str, ...] | None,
) -> None:
    async def work(pool: Pool) -> None:
        pids = set()
        for _ in range(3):
            pids.add(pid_of(pool))
            assert await asyncio.gather(*(end_of(pool, "hello") for _ in range(3))) == ["done"] * 3
            # Whoever comes while the next one loads is served too.
            assert await end_of(pool, "hello") == "done"
            await until(lambda: pid_of(pool) not in pids and not pool.not_ready)
        assert pool.totals.done == 12
        assert set(pool.restarts) == {Cause.MAX_JOBS}
        assert pool.restarts.total() == pool.slots[0].restarts >= 3

    with_pool(work, service=ServiceTime(jobs=3), gpus=gpus)


@pytest.fixture
def loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While there is this file workers do not come to the end of their loading."""
    path = tmp_path / "loading"
    monkeypatch.setenv("FAULTY_ENGINE_TROUBLE", str(path))
    return path


def test_while_a_successor_loads_the_old_worker_serves(loading: Path) -> None:
    async def work(pool: Pool) -> None:
        before = pid_of(pool)
        loading.write_text("wait")
        assert await end_of(pool, "hello") == "done"
        await until(lambda: pool.slots[0].renewing)
        assert pool.not_ready == ""
        pcm = await speak(pool, "pid")
        bits = [pcm[2 * bit] | pcm[2 * bit + 1] << 8 for bit in range(32)]
        assert sum((value != 0) << bit for bit, value in enumerate(bits)) == before
        loading.unlink()
        await until(lambda: pid_of(pool) != before)

    with_pool(work, service=ServiceTime(jobs=1))


def test_a_worker_killed_while_its_successor_loads_is_replaced(loading: Path) -> None:
    async def work(pool: Pool) -> None:
        before = children()
        loading.write_text("wait")
        assert await end_of(pool, "hello") == "done"
        await until(lambda: pool.slots[0].renewing)
        os.kill(pid_of(pool), signal.SIGKILL)
        await until(lambda: bool(pool.not_ready))
        loading.unlink()
        # One job more than a worker may do: its own successor follows.
        assert await end_of(pool, "hello") == "done"
        await until(lambda: not pool.slots[0].renewing and not pool.not_ready)
        assert pool.restarts[Cause.CRASH] == 1
        await until(lambda: len(children()) == len(before))

    with_pool(work, service=ServiceTime(jobs=1))


def test_one_planned_replacement_at_a_time_and_the_node_stays_ready() -> None:
    async def work(pool: Pool) -> None:
        renewing = 0
        jobs = [asyncio.create_task(end_of(pool, "slow 0.1")) for _ in range(12)]
        while not all(job.done() for job in jobs):
            renewing = max(renewing, sum(not slot.usable for slot in pool.slots))
            assert pool.not_ready == ""
            await asyncio.sleep(0.005)
        assert {job.result() for job in jobs} == {"done"}
        assert renewing == 1
        await until(lambda: all(slot.usable for slot in pool.slots))

    with_pool(work, slots=2, queue_size=20, service=ServiceTime(jobs=2), gpus=("0", "1"))


def test_a_worker_that_grows_is_replaced() -> None:
    async def work(pool: Pool) -> None:
        before = pid_of(pool)
        assert await end_of(pool, "leak 20") == "done"
        assert pid_of(pool) == before
        assert await end_of(pool, "leak 80") == "done"
        await until(lambda: pid_of(pool) != before and not pool.not_ready)
        assert pool.restarts == {Cause.MAX_GROWTH: 1}
        assert await end_of(pool, "hello") == "done"

    with_pool(work, service=ServiceTime(growth=64 << 20))


def test_a_worker_out_of_memory_is_replaced_and_counted() -> None:
    async def work(pool: Pool) -> None:
        recorder = JobRecorder()
        pool.observe(recorder)
        before = pid_of(pool)
        assert await end_of(pool, "oom") == "out_of_memory"
        assert await end_of(pool, "hello") == "done"
        assert pid_of(pool) != before
        assert pool.restarts == {Cause.OUT_OF_MEMORY: 1}
        assert recorder.causes == [Cause.OUT_OF_MEMORY]

    with_pool(work)


def _seen(pcm: bytes) -> str:
    """The value of CUDA_VISIBLE_DEVICES that a worker spoke, one sample a character."""
    return pcm[1::2].decode().strip()


def test_slots_take_turns_on_the_cards() -> None:
    async def work(pool: Pool) -> None:
        spoken = await asyncio.gather(*(speak(pool, "card") for _ in range(4)))
        assert sorted(_seen(pcm) for pcm in spoken) == ["0", "0", "GPU-7", "GPU-7"]
        assert [slot.gpu for slot in pool.slots] == ["0", "GPU-7"] * 2

    with_pool(work, slots=4, gpus=("0", "GPU-7"))


@pytest.mark.parametrize(("gpus", "seen"), [((), ""), (None, "3")], ids=["hidden", "inherited"])
def test_cards_that_are_not_ours_to_give(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple[str, ...] | None, seen: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")

    async def work(pool: Pool) -> None:
        assert _seen(await speak(pool, "card")) == seen

    with_pool(work, gpus=gpus)


def test_the_place_in_line_is_known(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        names, held = ["a", "b", "c"], Held(tmp_path)
        jobs = [asyncio.create_task(speak(pool, held.text, name)) for name in names]
        await until(lambda: pool.waiting == 2)
        queue_size = [pool.position(name) for name in [*names, "nobody"]]
        assert [place and place.ahead for place in queue_size] == [None, 0, 1, None]
        assert queue_size[1]
        assert queue_size[2]
        assert 0 < queue_size[1].seconds < queue_size[2].seconds
        jobs[1].cancel()
        await asyncio.gather(jobs[1], return_exceptions=True)
        place = pool.position("c")
        assert place
        assert place.ahead == 0
        held.let_go()
        await asyncio.gather(*jobs, return_exceptions=True)

    with_pool(work)


class JobRecorder(PoolObserver):
    """Remembers all it hears."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.reports: list[JobReport] = []
        self.causes: list[Cause] = []

    def job_begun(self, waited: float) -> None:
        self.waits.append(waited)

    def job_ended(self, report: JobReport) -> None:
        self.reports.append(report)

    def worker_replaced(self, cause: Cause) -> None:
        self.causes.append(cause)


def test_observers_are_told_of_every_job() -> None:
    async def work(pool: Pool) -> None:
        recorder = JobRecorder()
        pool.observe(recorder)
        running = asyncio.create_task(speak(pool, "slow 2", "first"))
        await until(lambda: pool.running == 1)
        await speak(pool, "hello", "second")
        await running
        await end_of(pool, "raise")
        await end_of(pool, "silent")
        first, second, third, fourth = recorder.reports
        assert recorder.waits == [report.waited for report in recorder.reports]
        assert (first.request_id, second.request_id) == ("first", "second")
        assert max(first.waited, 0.5) < second.waited
        assert first.first_audio is not None
        assert 0.1 <= first.first_audio < first.ran
        assert second.first_audio is not None
        assert second.first_audio > second.waited
        assert (first.samples, second.samples) == (16_000, 800)
        assert (third.outcome, third.code) == (Outcome.FAILED, "engine_failed")
        assert third.first_audio is None
        assert (fourth.outcome, fourth.code) == (Outcome.REFUSED, "cannot_speak")

    with_pool(work)


def test_the_same_seed_gives_the_same_bytes_on_every_worker() -> None:
    async def work(pool: Pool) -> None:
        jobs = [speak(pool, "noise", seed=1 + job % 2) for job in range(8)]
        spoken = await asyncio.gather(*jobs)
        assert len({*spoken[::2]}) == len({*spoken[1::2]}) == 1
        assert spoken[0] != spoken[1]

    with_pool(work, slots=2)
