"""LVS-DR, Nginx and HAProxy as ways in, on the same director before the same nodes, in one run.

    python -m benchmarks.entries [--lab NAME] [--nodes N] [--seconds S] [--idle N] [--rounds N]

With `--lab` on the machines of a lab that is up (`cluster lab up --name NAME`; nothing needs to be
deployed): each has a kernel of its own, with IPVS. Without, in network namespaces of this
computer; LVS is left out where its kernel has no IPVS, and its processor time, which is the
kernel's, is not seen. Both need root, and Debian's nginx-light, haproxy, wrk and curl. Ways take
turns for as many rounds as are asked for, and each cell is of the round with the median of kept
requests. Prints a table in Markdown.
"""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator

from benchmarks.entries import nodes, ways
from benchmarks.entries.lab_machines import LabMachines
from benchmarks.entries.machines import Failed, Machines
from benchmarks.entries.measures import Measured, measured
from benchmarks.entries.namespaces import namespaces
from benchmarks.entries.table import table
from benchmarks.numbers import at_least, duration
from provisioning.errors import ClusterError
from provisioning.lab.running import find

_PROGRAMS = ("nginx", "haproxy", "wrk", "curl", "ip")


def main() -> int:
    """Measure and show; the process's status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", help="name of a lab that is up")
    parser.add_argument("--nodes", type=at_least(1), default=3, help="without a lab")
    parser.add_argument("--seconds", type=duration, default=5.0, help="of each measurement")
    parser.add_argument("--idle", type=at_least(1), default=10_000, help="connections to hold")
    parser.add_argument("--rounds", type=at_least(1), default=1)
    options = parser.parse_args()
    lacking = [name for name in _PROGRAMS if not shutil.which(name, path=_search_path())]
    if lacking:
        print(f"apt-get install nginx-light haproxy wrk curl iproute2: no {', '.join(lacking)}")
        return 2
    try:
        with _machines(options.lab, options.nodes) as machines:
            found = _compared(machines, options.seconds, options.idle, options.rounds)
            print(f"\n{machines.about}; {len(machines.nodes)} nodes; {options.seconds:g} s each\n")
            print(table(found))
    except (Failed, ClusterError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _search_path() -> str:
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@contextlib.contextmanager
def _machines(lab: str | None, number: int) -> Iterator[Machines]:
    if lab is not None:
        yield LabMachines(find(lab))
        return
    with namespaces(number) as found:
        yield found


def _compared(machines: Machines, seconds: float, idle: int, rounds: int) -> dict[str, Measured]:
    makers: list[Callable[[Machines], ways.Way]] = [ways.direct]
    if ways.has_ipvs(machines):
        makers.append(ways.lvs)
    else:
        print("LVS-DR is not measured: the director's kernel has no IPVS", flush=True)
    makers += [ways.nginx, ways.haproxy]
    every: dict[str, list[Measured]] = {}
    nodes.start(machines)
    try:
        for _ in range(rounds):
            for make in makers:
                name, result = _one(machines, make, seconds, idle)
                every.setdefault(name, []).append(result)
    finally:
        nodes.stop(machines)
    return {name: _middle(some) for name, some in every.items()}


def _one(
    machines: Machines, make: Callable[[Machines], ways.Way], seconds: float, idle: int
) -> tuple[str, Measured]:
    way = make(machines)
    try:
        nodes.answers(machines, way.address, way.quick)
        nodes.answers(machines, way.address, way.slow)
        result = measured(machines, way, seconds, idle)
    finally:
        way.stop()
    print(f"{way.name}: {result.kept.each_second:,.0f} requests a second", flush=True)
    return way.name, result


def _middle(some: list[Measured]) -> Measured:
    return sorted(some, key=lambda one: one.kept.each_second)[len(some) // 2]


if __name__ == "__main__":
    sys.exit(main())
