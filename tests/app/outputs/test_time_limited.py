"""Threads for calls that may hang: what counts as the disk's time, and what as time in line."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.outputs.time_limited import TimeLimitedExecutor


@contextmanager
def _patience(
    threads: int, seconds: float
) -> Iterator[tuple[TimeLimitedExecutor, threading.Event]]:
    """The threads, and what lets their hanging calls go."""
    patience, let_go = TimeLimitedExecutor("test", threads, seconds), threading.Event()
    try:
        yield patience, let_go
    finally:
        let_go.set()
        patience.close()


def test_time_in_line_is_not_the_disks_time() -> None:
    async def work(patience: TimeLimitedExecutor) -> list[None]:
        return await asyncio.gather(*(patience.call(lambda: time.sleep(0.1)) for _ in range(30)))

    # Three seconds in all, where one call may take two.
    with _patience(1, 2.0) as (patience, _):
        assert asyncio.run(work(patience)) == [None] * 30
        assert patience.hanging == 0


def test_who_is_in_line_is_told_when_all_threads_hang() -> None:
    async def work(patience: TimeLimitedExecutor, let_go: threading.Event) -> None:
        calls = [asyncio.ensure_future(patience.call(let_go.wait)) for _ in range(9)]
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert [str(error) for error in told] == ["no answer in 0.2 s"] * 9
        assert patience.hanging == 2
        with pytest.raises(TimeoutError, match=r"no answer in 0\.2 s"):
            await patience.call(lambda: pytest.fail("none of its threads is free"))
        let_go.set()
        while patience.hanging:
            await asyncio.sleep(0.01)
        patience.seconds = 30
        assert await patience.call(lambda: 7) == 7

    with _patience(2, 0.2) as (patience, let_go):
        asyncio.run(work(patience, let_go))


def test_who_goes_away_leaves_no_trouble_behind() -> None:
    async def work(patience: TimeLimitedExecutor, let_go: threading.Event) -> None:
        begun = threading.Semaphore(0)

        def hang() -> None:
            begun.release()
            let_go.wait()

        gone = [asyncio.ensure_future(patience.call(hang)) for _ in range(2)]
        for _ in gone:
            await asyncio.to_thread(begun.acquire)
        for call in gone:
            call.cancel()
        next_one = asyncio.ensure_future(patience.call(lambda: 7))
        await asyncio.wait({next_one}, timeout=0.1)
        assert not next_one.done(), "told of trouble while nothing takes long"
        let_go.set()
        assert await next_one == 7

    with _patience(2, 30.0) as (patience, let_go):
        asyncio.run(work(patience, let_go))


def test_an_error_of_the_call_is_passed_on() -> None:
    def silent() -> None:
        raise TimeoutError("the server's own limit")

    with _patience(1, 5.0) as (patience, _), pytest.raises(TimeoutError, match="own limit"):
        asyncio.run(patience.call(silent))
