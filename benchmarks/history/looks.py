"""Looks at the history, timed."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

from app.errors import SpeechError
from app.outputs.store import OutputStore

_SHOWN = 20
_TICK = 0.005
_PATIENCE = 300


def resident() -> float:
    """This process's memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Looks:
    """Looks through one node's store."""

    def __init__(self, store: OutputStore) -> None:
        self._store = store

    async def show(
        self, title: str, query: str = "", viewers: int = 1, *, to_the_end: bool = False
    ) -> float:
        """Look, and print a line; where `query` has braces, each viewer looks for another. The
        seconds it took."""
        ticking = asyncio.create_task(_latest_tick())
        await asyncio.sleep(0)
        began = time.perf_counter()
        told = await asyncio.gather(
            *(self._look(query.format(number), to_the_end) for number in range(viewers))
        )
        seconds = time.perf_counter() - began
        ticking.cancel()
        late = await ticking
        said = ", ".join(f"{told.count(one)} x {one}" if viewers > 1 else one for one in set(told))
        print(f"{title:36} {seconds:8.3f} s   loop {late:6.3f} s   {said}", flush=True)
        return seconds

    async def _look(self, query: str, to_the_end: bool) -> str:
        asked = 0
        end = time.monotonic() + _PATIENCE
        while True:
            asked += 1
            try:
                found = await self._store.search(query, _SHOWN)
            except SpeechError as error:
                return error.en
            unfinished = bool(found.older) and len(found.outputs) < _SHOWN
            if not (unfinished and to_the_end):
                break
            if time.monotonic() > end or asked == 20:
                break
        told = f"{len(found.outputs)} found" + (", not finished" if unfinished else "")
        return f"{told}, asked {asked} times" if to_the_end else told


async def _latest_tick() -> float:
    """By how much the loop was late at worst, in seconds, until cancelled."""
    worst = 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK)
            worst = max(worst, time.perf_counter() - began - _TICK)
    return worst
