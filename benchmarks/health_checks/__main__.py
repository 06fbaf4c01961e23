"""What a director spends on health checks, by the number of real servers.

    python -m benchmarks.health_checks --lab NAME [--servers N ...] [--seconds S]

On the machines of a lab that is up (`cluster lab up --name NAME`; nothing needs to be deployed).
The director runs Keepalived's checkers with the configuration that `cluster` renders for so many
real servers; their addresses all are those of one machine, whose Nginx answers. Processor time is
that of the director's kernel, less what it takes idle. In the end the real servers die together,
and it is counted how long the table still has one of them.
"""

import argparse
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.entries.lab_machines import LabMachines
from benchmarks.entries.machines import FOLDER, Failed
from benchmarks.numbers import at_least, duration
from provisioning.errors import ClusterError
from provisioning.lab.running import find
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import KEEPALIVED_CONF
from provisioning.resources.file import File
from provisioning.roles.deployment import Deployment
from provisioning.roles.director.director import DIRECTORS
from provisioning.roles.rendering import Templates

_NETWORK = "10.77.0.0/16"
_PATIENCE = 120.0
"""Seconds until all real servers are in the table, or out of it."""
_SETTLING = 6.0
"""Seconds in which the first checks, which come at once, are over."""
_NGINX = """\
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/checks.pid;
error_log {folder}/checks.log;
events {{ worker_connections 10000; }}
http {{
    access_log off;
    server {{
        listen 7860 backlog=4096;
        location / {{ default_type text/plain; return 200 "ok"; }}
    }}
}}
"""
_PATH = "PATH=$PATH:/usr/sbin:/sbin; "


@dataclass(frozen=True, slots=True)
class _Cost:
    checks: float
    """A second."""
    processor: float
    """Share of one, of the director's."""
    dead: float
    """Seconds until none of the dead had a weight any more."""


def main() -> int:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", required=True, help="name of a lab that is up")
    parser.add_argument("--servers", type=at_least(1), nargs="+", default=(3, 30, 100, 300, 1000))
    parser.add_argument("--seconds", type=duration, default=30.0, help="of each measurement")
    options = parser.parse_args()
    try:
        machines = LabMachines(find(options.lab))
        idle = _share(machines, options.seconds)[0]
        print(f"{machines.about}\n\n| real servers | checks a second | of a processor | dead |")
        print("|---|---|---|---|", flush=True)
        for count in options.servers:
            cost = _measured(machines, count, options.seconds)
            share = max(0.0, cost.processor - idle)
            print(f"| {count} | {cost.checks:.0f} | {share:.1%} | {cost.dead:.1f} s |", flush=True)
    except (Failed, ClusterError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measured(machines: LabMachines, count: int, seconds: float) -> _Cost:
    director, node = machines.director, machines.nodes[0]
    folder = f"{FOLDER}/{node}"
    conf = machines.put(node, "checks.conf", _NGINX.format(folder=folder))
    machines.run(node, f"{_PATH}ip route replace local {_NETWORK} dev lo; nginx -c {conf}")
    route = f"ip route replace {_NETWORK} via {machines.address(node)}"
    rendered = machines.put(director, "checks.conf", configuration(count))
    files = f"-p {FOLDER}/{director}/checks.pid -c {FOLDER}/{director}/checkers.pid"
    try:
        machines.run(
            director, f"{_PATH}{route}; ipvsadm -C; keepalived --check -f {rendered} {files}"
        )
        _until(machines, lambda weights: len(weights) == count and all(weights))
        time.sleep(_SETTLING)
        share, checks = _share(machines, seconds)
        machines.run(node, f"kill $(cat {folder}/checks.pid)")
        began = time.monotonic()
        _until(machines, lambda weights: not any(weights))
        return _Cost(checks, share, time.monotonic() - began)
    finally:
        machines.run(director, f"kill $(cat {FOLDER}/{director}/checks.pid); {_PATH}ipvsadm -C")
        machines.run(node, f"kill $(cat {folder}/checks.pid) 2> /dev/null; :")


def configuration(count: int) -> str:
    """The keepalived.conf of a director before so many real servers."""
    content: dict[str, Any] = {
        "vip": "10.77.255.100/16",
        "interface": "eth0",
        "directors": {"hosts": {"lvs1": "10.77.255.11", "lvs2": "10.77.255.12"}},
        "real_servers": {
            "hosts": {f"rs{n}": f"10.77.{1 + n // 250}.{1 + n % 250}" for n in range(count)}
        },
    }
    inventory = Inventory.model_validate(content)
    part = DIRECTORS.part(Deployment(inventory, Templates(inventory), Runtime()), "lvs1")
    return next(
        one.content
        for one in part.resources
        if isinstance(one, File) and one.path == KEEPALIVED_CONF
    )


def _share(machines: LabMachines, seconds: float) -> tuple[float, float]:
    """Processors that the director took over so many seconds, and connections that it opened a
    second."""
    opened, used, began = _opened(machines), _used(machines), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    used = _used(machines) - used
    return used / took, (_opened(machines) - opened) / took


def _used(machines: LabMachines) -> float:
    return machines.processor_time(machines.director)


def _opened(machines: LabMachines) -> int:
    """Connections that the director has opened since its boot (proc(5), /proc/net/snmp)."""
    keys, values = re.findall(
        r"^Tcp: (.*)$", machines.run(machines.director, "cat /proc/net/snmp"), re.M
    )
    return int(dict(zip(keys.split(), values.split(), strict=True))["ActiveOpens"])


def _until(machines: LabMachines, holds: Any) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        table = machines.run(machines.director, f"{_PATH}ipvsadm -Ln")
        weights = [int(weight) for weight in re.findall(r"^  -> \S+ +Route +(\d+)", table, re.M)]
        if holds(weights):
            return
        if time.monotonic() > end:
            raise Failed(f"the table is not as it should be after {_PATIENCE:g} s: {len(weights)}")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
