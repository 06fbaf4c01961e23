"""An engine that fails at every job takes its node out; a text that fails at every try does not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.workers import slot
from app.workers.causes import Cause
from app.workers.pool.pool import Pool
from app.workers.self_test import Verdict
from tests.app.workers.pool.test_pool import end_of, pid_of, until, with_pool

pytestmark = pytest.mark.usefixtures("plugins")


class Trouble:
    """The engine's, from one moment to another."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begins(self, *words: object) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_text(" ".join(map(str, words)))
        draft.replace(self._path)

    def ends(self) -> None:
        self._path.unlink()


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trouble:
    path = tmp_path / "trouble"
    monkeypatch.setenv("FAULTY_ENGINE_TROUBLE", str(path))
    return Trouble(path)


@contextlib.asynccontextmanager
async def watched(pool: Pool, broken: list[str]) -> AsyncIterator[None]:
    """`broken` gets every reason for which the pool is not ready meanwhile."""

    async def watch() -> None:
        while True:
            if (reason := pool.not_ready) and reason not in broken:
                broken.append(reason)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


@pytest.mark.parametrize("loads", [True, False])
def test_an_engine_that_fails_every_job_is_not_ready_until_it_speaks(
    trouble: Trouble, loads: bool
) -> None:
    async def work(pool: Pool) -> None:
        assert await end_of(pool, "hello") == "done"
        trouble.begins("raise", *([] if loads else ["load"]))
        assert await end_of(pool, "hello") == "engine_failed"
        assert pool.not_ready
        assert pool.self_tests[Verdict.FAILED] == 1
        # New workers cannot speak either: it stays so, and the reason is told.
        await until(lambda: "cannot start" in pool.not_ready and "libfaulty.so" in pool.not_ready)
        assert pool.restarts[Cause.SELF_TEST] == 1
        assert await end_of(pool, "hello") == "no_worker"
        trouble.ends()
        await until(lambda: not pool.not_ready)
        assert await end_of(pool, "hello") == "done"

    with_pool(work)


@pytest.mark.parametrize(
    ("poison", "code"), [("raise", "engine_failed"), ("silent", "cannot_speak")]
)
def test_a_text_that_always_fails_takes_nothing_out(poison: str, code: str) -> None:
    async def work(pool: Pool) -> None:
        broken: list[str] = []
        async with watched(pool, broken):
            for _ in range(12):
                assert await end_of(pool, poison) == code
            ends = await asyncio.gather(*(end_of(pool, poison) for _ in range(8)))
            assert set(ends) == {code}
            assert await end_of(pool, "hello") == "done"
        assert not broken
        assert not pool.restarts
        assert pool.self_tests[Verdict.PASSED] > 0 == pool.self_tests[Verdict.FAILED]

    with_pool(work, slots=2)


def test_a_job_that_a_broken_worker_failed_is_done_by_another(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        trouble.begins("raise", "load", pid_of(pool, 0))
        for _ in range(3):
            assert await end_of(pool, "hello") == "done"
        assert pool.self_tests[Verdict.FAILED] == 1
        assert pool.totals.done == pool.totals.accepted == 3

    with_pool(work, slots=2)


def test_a_job_that_breaks_workers_is_tried_twice_at_most() -> None:
    async def work(pool: Pool) -> None:
        assert await end_of(pool, "break") == "engine_failed"
        assert pool.self_tests[Verdict.FAILED] == 2
        await until(lambda: pool.restarts[Cause.SELF_TEST] == 2 and not pool.not_ready)
        assert await end_of(pool, "hello") == "done"

    with_pool(work, slots=3)


def test_one_that_has_sounded_is_not_tried_again() -> None:
    async def work(pool: Pool) -> None:
        assert await end_of(pool, "break late") == "engine_failed"
        assert pool.self_tests[Verdict.FAILED] == 1

    with_pool(work, slots=2)


def test_an_engine_that_is_silent_at_every_job_is_noticed(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        trouble.begins("silent")
        for _ in range(3):
            assert await end_of(pool, "hello") in ("cannot_speak", "engine_failed")
        await until(lambda: "cannot start" in pool.not_ready)
        trouble.ends()
        await until(lambda: not pool.not_ready)

    with_pool(work)


def test_an_engine_that_fails_most_jobs_is_noticed(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        pid = pid_of(pool)
        trouble.begins("sometimes", pid)
        for _ in range(3):
            await end_of(pool, "hello")
        await until(lambda: pool.restarts[Cause.SELF_TEST] > 0)
        await until(lambda: not pool.not_ready)
        assert await end_of(pool, "hello") == "done"

    with_pool(work)


def test_where_one_worker_cannot_speak_the_idle_ones_are_asked(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        trouble.begins("raise", "load")
        assert await end_of(pool, "hello") in ("engine_failed", "no_worker")
        await until(lambda: pool.restarts[Cause.SELF_TEST] == 3)
        assert not any(slot.usable for slot in pool.slots)
        trouble.ends()
        await until(lambda: not pool.not_ready)

    with_pool(work, slots=3)


def test_a_client_that_leaves_does_not_hide_it(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        trouble.begins("raise", "load")
        job = asyncio.create_task(end_of(pool, "hello"))
        await until(lambda: bool(pool.self_tests) or pool.slots[0].record.done == 0 < _asked(pool))
        job.cancel()
        await until(lambda: "cannot start" in pool.not_ready)
        trouble.ends()
        await until(lambda: not pool.not_ready)

    with_pool(work)


def test_a_client_that_has_left_before_does_not_hide_it_either(trouble: Trouble) -> None:
    async def work(pool: Pool) -> None:
        trouble.begins("raise", "load")
        job = asyncio.create_task(end_of(pool, "hello"))
        while not _asked(pool):
            await asyncio.sleep(0)
        # The process has not even read it yet.
        job.cancel()
        await until(lambda: "cannot start" in pool.not_ready)
        trouble.ends()
        await until(lambda: not pool.not_ready)

    with_pool(work)


def _asked(pool: Pool) -> int:
    worker = pool.slots[0].worker
    return worker.jobs if worker else 0


def test_a_worker_that_fails_soon_after_each_start_is_started_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It speaks when it is new; each time its first job breaks it."""
    paused: list[tuple[float, bool]] = []

    async def work(pool: Pool) -> None:
        async def pause(seconds: float) -> None:
            # How long, and whether nothing is started meanwhile.
            await asyncio.sleep(0.01)
            paused.append((seconds, not pool.slots[0].renewing))

        monkeypatch.setattr(slot, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": pause}))
        for _ in range(4):
            await end_of(pool, "break")
            await until(lambda: not pool.not_ready)
        assert paused == [(0.5, True), (1.0, True), (2.0, True), (4.0, True)]

    with_pool(work)
