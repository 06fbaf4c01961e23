"""A recording of what an autoscaler would be told of a node under load that comes in bursts.

    python -m benchmarks.scaling FILE [--minutes N] [--workers N] [--engine NAME] [--interval S]

Real clients ask a real node on loopback, which is measured first: load is in parts of what it can
do here. Its own /metrics is asked as Prometheus does. FILE gets a line each time: seconds, jobs
that run, jobs that wait, jobs that have ended since the start. The last line is of an idle node.

tests/operations/kubernetes/recorded-load.csv is one; a new one may take its place.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from app import __version__
from benchmarks.node.running import node
from benchmarks.numbers import at_least, duration
from benchmarks.scaling.bursts import BURST, LULL, USUAL, Clients
from benchmarks.scaling.recorder import Sample, record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="to write")
    parser.add_argument("--minutes", type=duration, default=7, help="of load")
    parser.add_argument("--workers", type=at_least(1), default=2, help="of the node: its slots")
    parser.add_argument("--engine", default="espeak", help="of the node")
    parser.add_argument("--interval", type=duration, default=5, help="seconds between looks")
    options = parser.parse_args()
    # Not after all those minutes.
    if not os.access(options.file.parent, os.W_OK) or options.file.is_dir():
        parser.error(f"{options.file} cannot be written: name a file in a folder that can")
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch), options.engine, options.workers) as client,
    ):
        url, seconds = str(client.base_url), options.minutes * 60
        asked, samples = asyncio.run(_record(url, options.workers, seconds, options.interval))
    about = (
        f"# Made by python -m benchmarks.scaling, version {__version__}: engine {options.engine}, "
        f"{options.workers} slots, {len(asked)} requests of which {asked.count(200)} were spoken.\n"
        f"# Load in parts of what the node can do: {LULL}, {USUAL}, and bursts of {BURST}.\n"
    )
    lines = (f"{x.seconds:.1f},{x.running},{x.waiting},{x.ended}\n" for x in samples)
    text = about + "seconds,running,waiting,ended\n" + "".join(lines)
    options.file.write_text(text, encoding="utf-8")
    print(about, end="")
    if asked.count(200) < len(asked):
        sys.exit("not all were spoken: the recording lacks what was refused")


async def _record(
    url: str, slots: int, seconds: float, interval: float
) -> tuple[list[int], list[Sample]]:
    async with Clients(url, slots) as clients:
        await clients.measure()
        asking = asyncio.create_task(clients.ask(seconds))
        samples = await record(url, interval, asking)
        return await asking, samples


if __name__ == "__main__":
    main()
