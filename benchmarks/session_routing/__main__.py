"""The gap between one line and a cluster whose clients are sent anywhere, and the cost of routing.

    python -m benchmarks.session_routing [--jobs N] [--live-seconds N] [--only simulated|live]
        [--nodes N ...] [--load SHARE] [--systems NAME ...]

First the decisions on a virtual clock: 3, 8 and 32 nodes at 80% load, the same trace for every
system and for the ideal, one line for all workers. Hundreds of nodes take minutes, and wait for
nothing at such a load: give more than 1, and few jobs. Then three real nodes on loopback behind a
round robin of connections.
"""

import argparse
import os
import sys

from benchmarks.numbers import at_least, duration
from benchmarks.session_routing import live
from benchmarks.session_routing.report import percentile, ratio
from benchmarks.session_routing.systems import SYSTEMS, simulate
from benchmarks.session_routing.trace import arrivals, ideal_waits

NODES = (3, 8, 32)
LOAD = 0.8
_BUSY = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=at_least(1), default=20_000, help="of each simulation")
    parser.add_argument("--slots", type=at_least(1), default=1, help="workers of a simulated node")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=at_least(1), nargs="+", default=NODES, help="simulated")
    parser.add_argument("--load", type=duration, default=LOAD, help="of the workers; 1 is all")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--live-seconds", type=duration, default=300, help="of each live trace")
    parser.add_argument("--only", choices=("simulated", "live"))
    parser.add_argument("--busy", action="store_true", help="measure on a busy machine too")
    options = parser.parse_args()
    if options.only != "live":
        for nodes in options.nodes:
            simulated(nodes, options)
    if options.only != "simulated":
        if os.getloadavg()[0] > _BUSY and not options.busy:
            sys.exit(f"load average {os.getloadavg()[0]:.1f}: wait, or give --busy")
        live.measure(options.live_seconds, options.load, options.seed)


def simulated(nodes: int, options: argparse.Namespace) -> None:
    """Print what becomes of the same trace with every system."""
    jobs, slots, load, seed = options.jobs, options.slots, options.load, options.seed
    trace = arrivals(jobs, nodes * slots, load, seed)
    ideal = ideal_waits(trace, nodes * slots)
    print(f"\n{nodes} nodes, {slots} worker each, {load:.0%} load, {jobs} jobs (simulated)")
    print(f"{'':14}{'success':>9}{'p50':>8}{'p95':>8}{'p99':>8}  wait in s, p99 to the ideal")
    _row("ideal", ideal, 0, ideal)
    for system in options.systems:
        found = simulate(system, trace, nodes, slots, seed)
        _row(system, found.waits, found.failed, ideal)


def _row(name: str, waits: list[float], failed: int, ideal: list[float]) -> None:
    success = len(waits) / (len(waits) + failed)
    shown = "".join(f"{percentile(waits, share):8.2f}" for share in (50, 95, 99))
    print(f"{name:14}{success:9.1%}{shown}  {ratio(waits, ideal, 99):.2f}", flush=True)


if __name__ == "__main__":
    main()
