"""The driver tells of each Xid once: reads that meet forget none."""

import asyncio
import threading
from typing import Any

import pytest

from app.gpus import watch as watching
from app.gpus.gpu import Gpu
from app.gpus.watch import GpuWatch

_PATIENCE = 30.0


class Driver:
    """Its first look ends when it is told to, and its second is noted."""

    NVMLError = RuntimeError

    def __init__(self) -> None:
        self.events = [[(0, 79)]]
        self.go_on, self.read_again = threading.Event(), threading.Event()
        self._looks = 0

    def new(self) -> list[tuple[int, int]]:
        return self.events.pop() if self.events else []

    def cards(self, nvml: Any) -> list[Gpu]:
        self._looks += 1
        if self._looks == 1:
            assert self.go_on.wait(_PATIENCE)
        else:
            self.read_again.set()
        return [Gpu(0, "H200")]


async def _read_twice(watch: GpuWatch, driver: Driver) -> None:
    reads = [asyncio.create_task(watch.refresh()) for _ in range(2)]
    # Both are with the thread now.
    await asyncio.sleep(0)
    driver.go_on.set()
    # The loop hears of the first one's end only after the second one has looked.
    assert await _blocking(driver.read_again)
    await asyncio.gather(*reads)


async def _blocking(event: threading.Event) -> bool:
    return event.wait(_PATIENCE)


def test_reads_that_meet_forget_no_xid(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, watch = Driver(), GpuWatch()
    monkeypatch.setattr(watching, "_load", lambda: driver)
    monkeypatch.setattr(watching, "_events", lambda nvml: driver)
    monkeypatch.setattr(watching, "gpus", driver.cards)
    asyncio.run(_read_twice(watch, driver))
    watch.close()
    assert watch.latest[0].xids == (79,)
