"""The cost of the node over calling its engine directly, and what it gives.

    python -m benchmarks.node [--engine NAME] [--repeats N] [--jobs N]

The engine is loaded in this process and, by a real node on loopback, in worker processes; both
speak the same texts with the same seed, in turn, and must give the same bytes. Run it on a
machine with nothing else to do, else the ratios are those of the other work: it refuses where the
load average says so.
"""

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import httpx

from app.engines.interface import Engine
from app.engines.registry import find_engine
from app.host.heap import keep_freed_memory
from benchmarks.node import measures, page
from benchmarks.node.running import node
from benchmarks.numbers import at_least

SHORT = "您好，您的快递已经到达小区门口，请及时领取。"
LONG = SHORT * 30
WORKERS = (1, 2)
_BUSY = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="espeak")
    parser.add_argument("--voice", help="its default voice if absent")
    parser.add_argument("--repeats", type=at_least(1), default=100, help="of each single job")
    parser.add_argument("--jobs", type=at_least(1), default=200, help="for each throughput")
    parser.add_argument("--busy", action="store_true", help="measure on a busy machine too")
    options = parser.parse_args()
    if os.getloadavg()[0] > _BUSY and not options.busy:
        sys.exit(f"load average {os.getloadavg()[0]:.1f}: wait, or give --busy")
    plugin = find_engine(options.engine)
    default = plugin.describe().default_voice
    voice = options.voice or (default.id if default else "")
    engine = plugin.load()
    # The engine at its best is what the node is held against.
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as scratch:
        for workers in WORKERS:
            with node(Path(scratch), options.engine, workers) as client:
                if workers == 1:
                    _check_same(engine, client, voice)
                    _one_at_a_time(engine, client, voice, options.repeats)
                    _page(client, max(3, options.repeats // 20))
                _saturation(engine, client, voice, workers, options.jobs)


def _check_same(engine: Engine, client: httpx.Client, voice: str) -> None:
    if measures.through(client, voice, SHORT) != measures.directly(engine, voice, SHORT):
        sys.exit("node and engine do not give the same bytes: nothing to compare")


def _one_at_a_time(engine: Engine, client: httpx.Client, voice: str, repeats: int) -> None:
    for title, text in (("short text", SHORT), ("long text", LONG)):
        times = measures.in_turn(
            partial(measures.through, client, voice, text),
            partial(measures.directly, engine, voice, text),
            repeats if text is SHORT else max(3, repeats // 5),
        )
        print(
            f"{title} ({len(text)} characters): engine {times.theirs_median * 1000:.1f} ms, "
            f"node {times.ours_median * 1000:.1f} ms, "
            f"overhead {times.difference * 1000:.2f} ms a job (aim: under 5)",
            flush=True,
        )
    times = measures.in_turn(
        partial(measures.first_audio, client, voice, LONG),
        partial(measures.through, client, voice, LONG),
        max(3, repeats // 5),
    )
    print(
        f"first audio of the long text: {times.ours_median * 1000:.1f} ms, whole file "
        f"{times.theirs_median * 1000:.1f} ms, ratio {times.ratio:.2f}",
        flush=True,
    )


def _page(client: httpx.Client, times: int) -> None:
    seconds = page.load_seconds(str(client.base_url), times)
    print(f"page, empty cache, until text can be typed: {seconds:.2f} s", flush=True)


def _saturation(engine: Engine, client: httpx.Client, voice: str, workers: int, jobs: int) -> None:
    ours, theirs, ratio = measures.throughputs(
        partial(measures.through, client, voice, LONG),
        partial(measures.directly, engine, voice, LONG),
        jobs,
        # Twice as many clients as workers: no worker waits for a client.
        2 * workers,
    )
    aim = " (aim: over 0.97)" if workers == 1 else f", on {os.cpu_count()} cores"
    print(
        f"saturated, long text: engine {theirs:.2f} jobs/s, node with {workers} worker(s) "
        f"{ours:.2f}, ratio {ratio:.3f}{aim}",
        flush=True,
    )


if __name__ == "__main__":
    main()
