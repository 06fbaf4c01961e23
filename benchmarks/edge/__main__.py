"""The time that an edge adds to the first byte of sound.

    python -m benchmarks.edge [--requests N] [--think SECONDS] [--body BYTES] [--limit MILLISECONDS]

An edge as it is rendered, on the Nginx that is installed here, in front of stand-in nodes that
stream. Requests go to a node itself and through the edge in turns, on connections of their own.
Each line has a quantile of both, their difference and ratio; the status is 1 where the median's
difference is more than the limit.
"""

import argparse
import asyncio
import sys

from benchmarks.edge.first_byte import Times, first_bytes
from benchmarks.numbers import at_least, duration
from provisioning.model.inventory import Inventory
from tests.roles.edge_site import serving

_CLUSTER = {
    "vip": "192.168.1.100",
    "directors": {"hosts": {"lvs1": "192.168.1.11"}},
    "real_servers": {"hosts": {"rs1": "192.168.1.101", "rs2": "192.168.1.102"}},
    "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51"}},
    "app": {"workers": 4},
}
_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def main() -> int:
    """Measure and show; the process's status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=at_least(1), default=400, help="each way")
    parser.add_argument("--think", type=duration, default=0.005, help="seconds a node takes")
    parser.add_argument("--body", type=at_least(0), default=200, help="bytes of a request's body")
    parser.add_argument("--limit", type=duration, default=5.0, help="milliseconds of the median")
    options = parser.parse_args()
    times = asyncio.run(_measured(options.requests, options.think, options.body))
    for name, share in _QUANTILES.items():
        direct, through = (value * 1000 for value in times.at(share))
        print(
            f"{name}: node {direct:.2f} ms, through the edge {through:.2f} ms, "
            f"{through - direct:+.2f} ms, {through / direct:.2f} times"
        )
    direct, through = times.at(0.5)
    return int((through - direct) * 1000 > options.limit)


async def _measured(requests: int, think: float, body: int) -> Times:
    async with serving(Inventory.model_validate(_CLUSTER)) as site:
        return await first_bytes(site, requests, think=think, body=body)


if __name__ == "__main__":
    sys.exit(main())
