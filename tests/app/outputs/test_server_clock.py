"""The time by the file server's clock, whatever the node's own shows."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.outputs.server_clock import ServerClock
from app.outputs.spool import Spool
from app.outputs.store import OutputStore
from tests.app.outputs.test_store import record

DAY = 86400.0


class FakeMonotonicClock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_the_nodes_own_until_something_was_written() -> None:
    assert abs(ServerClock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_is_what_the_file_system_says() -> None:
    steady = FakeMonotonicClock()
    clock = ServerClock(steady)
    clock.seen(clock.begin(), 1000.25)
    assert clock.now() == datetime.fromtimestamp(1000.25, UTC)
    steady.now += 60
    assert clock.now() == datetime.fromtimestamp(1060.25, UTC)


def test_rough_times_do_not_move_it_and_jumps_do() -> None:
    steady = FakeMonotonicClock()
    clock = ServerClock(steady)
    clock.seen(clock.begin(), 1000.0)
    clock.seen(clock.begin(), 999.1)
    assert clock.now() == datetime.fromtimestamp(1000, UTC)
    # A writing that took long tells only that it was within.
    began = clock.begin()
    steady.now += 10
    clock.seen(began, 1004.0)
    assert clock.now() == datetime.fromtimestamp(1010, UTC)
    clock.seen(clock.begin(), 1010 + DAY)
    assert clock.now() == datetime.fromtimestamp(1010 + DAY, UTC)


@pytest.mark.parametrize("ahead", [600.0, -600.0, DAY, -DAY])
def test_outputs_are_named_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    machine_time = time.time

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1")
        try:
            await store.save(b"sound", record())
            monkeypatch.setattr(time, "time", lambda: machine_time() + ahead)
            away = store.now().timestamp() - machine_time()
            assert abs(away) < 5
        finally:
            store.close()

    asyncio.run(work())


def test_a_spool_does_not_mind_a_clock_that_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being written at that moment is not taken for a leftover, and what was moved goes
    in the end."""
    clock = FakeMonotonicClock()
    spool = Spool(tmp_path / "spool", 1 << 20, clock)
    being_written = spool.folder / ".unfinished-1234-x.wav"
    being_written.touch()
    jumped = time.time() + DAY
    monkeypatch.setattr(time, "time", lambda: jumped)
    spool.tidy()
    assert being_written.exists()
    clock.now += 299
    spool.tidy()
    assert being_written.exists()
    clock.now += 2
    spool.tidy()
    assert not being_written.exists()
