"""A mixed load for a long time, and what a node keeps of it.

    python -m benchmarks.soak [--minutes N] [--engine NAME] [--load SHARE]

Speech in four formats, some of it saved, looks at page and readiness, jobs by Gradio's client,
uploads, clients that hang up and requests that are wrong, each at its own rate; with `--load`, as
much speech as keeps the worker at work for that share of the time. A line a minute tells what was
answered, and the memory, threads and descriptors of the web process and its workers. Exits with 1
when something was answered with 5xx or a connection broke.
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
    parser.add_argument("--load", type=duration, help="0.8 is four fifths of the worker's time")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch), options.engine, 1) as client,
    ):
        url = str(client.base_url)
        sys.exit(asyncio.run(_soak(url, options.minutes * 60, options.load)))


async def _soak(url: str, seconds: float, share: float | None) -> int:
    began = time.monotonic()
    load = Load(url)
    before = settled = await state_of(url)
    print(f"before: {before}", flush=True)
    looked = began
    running = asyncio.create_task(load.run(seconds))
    while not running.done():
        await asyncio.wait({running}, timeout=60)
        now, state = time.monotonic() - began, await state_of(url)
        if now < _SETTLING + 30:
            settled = state
        busy = (state.worked - before.worked) / (began + now - looked)
        print(f"{now / 60:5.1f} min: {busy:.0%} at work, {state} · {load.told()}", flush=True)
        if share is not None and busy > 0:
            # Not by all that is missing, as what came in the last minute varies.
            load.speech_rate *= min(2.0, max(0.5, share / busy)) ** 0.7
        before, looked = state, began + now
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
