"""Figures of one folder, taken in a process of its own: nothing else is in its memory."""

import asyncio
import time
from multiprocessing.connection import Connection
from pathlib import Path

from app.host.heap import keep_freed_memory
from app.outputs.limits import Retention
from app.outputs.retention import clean
from app.outputs.shared import SharedFolder
from app.outputs.store import OutputStore
from benchmarks.history.looks import Looks, resident
from benchmarks.history.outputs import put

_VIEWERS = 20
Figures = dict[str, float]


def measure(folder: Path, count: int, partitioned: bool, told: Connection) -> None:
    keep_freed_memory()
    told.send(asyncio.run(_measure(folder, count, partitioned)))


async def _measure(folder: Path, count: int, partitioned: bool) -> Figures:
    passes = [_pass(folder) for _ in range(2)]
    print(f"{'pass over the folder, first and next':36} {passes[0]:8.3f} s   {passes[1]:.3f} s")
    began = resident()
    store = OutputStore(folder, "rs1")
    looks = Looks(store)
    found = {"pass over the folder": passes[1]}
    found["first look"] = await looks.show("first look")
    found["next look"] = await looks.show("next look")
    put(folder, count, count, partitioned=partitioned)
    found["look after a speech"] = await looks.show("look after a speech")
    await _require_newest(store, count)
    found["memory"] = max(resident() - began, 0.1)
    print(f"memory: {found['memory']:+.0f} MB")
    await looks.show("search for what is old", f"n{count // 20}x")
    await looks.show("search for nothing", "nowhere")
    found["until it has got to the end"] = await looks.show(
        "until it has got to the end", "nowhere", to_the_end=True
    )
    await looks.show("search for nothing again", "nowhere")
    await looks.show("search for what is old again", f"n{count // 20}x")
    put(folder, count + 1, count, partitioned=partitioned)
    found["look after another speech"] = await looks.show("look after another speech")
    await _require_newest(store, count + 1)
    await looks.show(f"{_VIEWERS} viewers at once", viewers=_VIEWERS)
    put(folder, count + 2, count, partitioned=partitioned)
    name = f"{_VIEWERS} viewers after a speech"
    found[name] = await looks.show(name, viewers=_VIEWERS)
    await looks.show(f"{_VIEWERS} searches at once", "n{}x", viewers=_VIEWERS)
    found["memory at the end"] = max(resident() - began, 0.1)
    print(f"memory: {found['memory at the end']:+.0f} MB; trouble: {store.trouble or 'none'}")
    store.close()
    return found


async def _require_newest(store: OutputStore, number: int) -> None:
    (newest,) = await store.newest(1)
    if not newest.record.text.startswith(f"n{number}x "):
        raise RuntimeError(f"output {number} is not shown")


def _pass(folder: Path) -> float:
    """Seconds of a pass that removes nothing."""
    (folder / ".retention").unlink(missing_ok=True)
    began = time.perf_counter()
    clean(SharedFolder(folder), Retention(days=36500))
    return time.perf_counter() - began
