"""Waits in a cluster whose nodes lend, to those in one line for all workers.

    python -m benchmarks.lending [--nodes N ...] [--loads SHARE ...] [--skews page|rr|sh ...]
        [--jobs-a-node N] [--told N ...] [--dead N [--hangs]] [--pieces N] [--seed N]

The decisions are the node's own (`app/lending`, `app/workers/job_queue.py`), on a virtual clock;
nodes have one worker, jobs are as long as speech is, four fifths of them come from one address.
With `--told` as many as there are nodes, everybody asks everybody. With `--dead`, so many nodes die
in the middle; with `--pieces` one node has a book of so many.
"""

import argparse
import time

from benchmarks.lending.play import SKEWS, Case, Outcome, play
from benchmarks.numbers import at_least, duration
from benchmarks.session_routing.report import percentile
from benchmarks.session_routing.trace import Arrival, arrivals, ideal_waits

_TOLD = 31


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=at_least(2), nargs="+", default=(30, 300, 1000))
    parser.add_argument("--loads", type=duration, nargs="+", default=(0.5, 0.8, 0.95))
    parser.add_argument("--skews", nargs="+", choices=SKEWS, default=SKEWS)
    parser.add_argument("--jobs-a-node", type=at_least(1), default=40)
    parser.add_argument("--told", type=at_least(1), nargs="+", default=(_TOLD,), help="of peers")
    parser.add_argument("--dead", type=at_least(0), default=0, help="nodes that die in the middle")
    parser.add_argument("--hangs", action="store_true", help="they are silent; else they refuse")
    parser.add_argument("--pieces", type=at_least(0), default=0, help="of one node's book")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for nodes in options.nodes:
        for load in options.loads:
            trace = arrivals(nodes * options.jobs_a_node, nodes, load, options.seed)
            print(f"\n{nodes} nodes, {load:.0%} load, {len(trace)} jobs")
            print(f"{'':18}{'mean':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}  seconds waited")
            _row("one line", ideal_waits(trace, nodes))
            for skew in options.skews:
                for told in options.told:
                    _played(_case(options, nodes, skew, told, trace), trace)


def _case(
    options: argparse.Namespace, nodes: int, skew: str, told: int, trace: list[Arrival]
) -> Case:
    return Case(
        nodes=nodes,
        skew=skew,
        told=told,
        seed=options.seed,
        dead=options.dead,
        dies_at=trace[len(trace) // 2].at,
        hangs=options.hangs,
        pieces=options.pieces,
    )


def _played(case: Case, trace: list[Arrival]) -> None:
    began = time.process_time()
    found = play(case, trace)
    name = f"{case.skew}, {case.told} told"
    _row(name, found.waits, _rest(case, found, time.process_time() - began))
    if found.after:
        _row("  after a death", found.after)


def _rest(case: Case, found: Outcome, took: float) -> str:
    told = [f"refused {found.refused}"]
    if case.dead:
        told.append(f"lost with their node {found.gone}")
    if case.pieces:
        told.append(f"book done after {found.book:.1f} s")
    return ", ".join([*told, f"({took:.0f} s to compute)"])


def _row(name: str, waits: list[float], rest: str = "") -> None:
    shown = "".join(f"{percentile(waits, share):8.2f}" for share in (50, 95, 99, 100))
    print(f"{name:18}{sum(waits) / len(waits):8.3f}{shown}  {rest}", flush=True)


if __name__ == "__main__":
    main()
