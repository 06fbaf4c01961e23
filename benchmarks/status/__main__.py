"""How long `cluster status` takes, and what it has the hosts do.

    python -m benchmarks.status -i INVENTORY [--runs N]

Beside it stands the floor: a connection to every host at once that runs `true` as root. Times
depend on what else the machines do; processes and seconds of processors hardly do. What the hosts
do anyway in as much time is taken off the processes.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.numbers import at_least
from benchmarks.status.meter import Meter, Work
from provisioning.model.loader.load import load_inventory
from provisioning.operations.cluster_state.look import host_views
from provisioning.operations.session import Site, new_fleet, open_fleet

_PAUSE = 1.0
"""Seconds until the end of a login is over on a slow host."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-i", "--inventory", type=Path, required=True)
    parser.add_argument("--runs", type=at_least(1), default=5)
    options = parser.parse_args()
    site = Site(load_inventory(options.inventory), options.inventory)
    hosts = list(host_views(site.inventory))
    fleet = new_fleet(site, forks=len(hosts))
    meter = Meter(fleet, hosts)
    if fleet.errors:
        sys.exit("\n".join(map(str, fleet.errors.values())))
    command = [sys.executable, "-m", "provisioning", "status", "-i", str(options.inventory)]
    _measure("status", lambda: _run(command), meter, options.runs)
    _measure("status --json", lambda: _run([*command, "--json"]), meter, options.runs)
    _measure("login and true", lambda: _floor(site, hosts), meter, options.runs)
    meter.close()
    fleet.close()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the cluster is not well:\n{done.stdout}{done.stderr}")


def _floor(site: Site, hosts: list[str]) -> None:
    with open_fleet(site, forks=len(hosts)) as fleet:
        fleet.each_at_once(hosts, lambda _, transport: transport.run("true"))


def _measure(title: str, work: Callable[[], None], meter: Meter, runs: int) -> None:
    walls, ours, done = [], [], []
    for _ in range(runs):
        before, cpu, began = meter.read(), _own_seconds(), time.monotonic()
        work()
        walls.append(time.monotonic() - began)
        ours.append(_own_seconds() - cpu)
        time.sleep(_PAUSE)
        done.append(_between(before, meter.read()))
    idle_before = meter.read()
    time.sleep(_PAUSE + min(walls))
    idle = _between(idle_before, meter.read())
    print(f"{title}: {_list(walls)} ms; this machine's processors {_list(ours)} ms")
    for name in meter.hosts:
        processes = min(one[name].processes for one in done) - idle[name].processes
        busy = min(one[name].seconds for one in done)
        print(
            f"    {name}: {processes} processes (and {idle[name].processes} anyway),"
            f" processor {busy * 1000:.0f} ms (of which anyway {idle[name].seconds * 1000:.0f} ms)"
        )


def _between(before: dict[str, Work], after: dict[str, Work]) -> dict[str, Work]:
    return {name: work.since(before[name]) for name, work in after.items()}


def _own_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _list(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    best, median = ordered[0], ordered[len(ordered) // 2]
    return f"{best * 1000:.0f} at best, {median * 1000:.0f} usually"


if __name__ == "__main__":
    main()
