"""A mixed load for a long time, and what a node keeps of it.

    python -m benchmarks.soak [--minutes N] [--engine NAME]

Speech in four formats, some of it saved, looks at page and readiness, jobs by Gradio's client,
uploads, clients that hang up and requests that are wrong, each at its own rate. A line a minute
tells what was answered, and the memory and descriptors of the web process and its workers. Exits
with 1 when something was answered with 5xx or a connection broke.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.node.running import node
from benchmarks.numbers import duration
from benchmarks.soak.load import Load
from benchmarks.soak.process import State, state_of

_SETTLING = 120.0
"""Seconds in which buffers and caches fill; growth is counted from then on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=duration, default=10, help="of load")
    parser.add_argument("--engine", default="espeak", help="of the node")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch), options.engine, 1) as client,
    ):
        sys.exit(asyncio.run(_soak(str(client.base_url), options.minutes * 60)))


async def _soak(url: str, seconds: float) -> int:
    began = time.monotonic()
    load = Load(url)
    first = settled = await state_of(url)
    print(f"before: {first}", flush=True)
    running = asyncio.create_task(load.run(seconds))
    while not running.done():
        await asyncio.wait({running}, timeout=60)
        now, state = time.monotonic() - began, await state_of(url)
        if now < _SETTLING + 30:
            settled = state
        print(f"{now / 60:5.1f} min: {state} · {load.told()}", flush=True)
    await running
    # What was on its way ends, and kept connections of this process are closed.
    await load.close()
    await asyncio.sleep(10)
    last = await state_of(url)
    print(f"after: {last}")
    _growth(settled, last, (time.monotonic() - began - _SETTLING) / 60)
    return 1 if load.failures else 0


def _growth(settled: State, last: State, minutes: float) -> None:
    if minutes > 1:
        web = (last.web - settled.web) / minutes
        workers = (last.workers - settled.workers) / minutes
        print(f"growth: web process {web:+.2f} MiB a minute, workers {workers:+.2f}")


if __name__ == "__main__":
    main()
