"""The time that a request takes longer where a node forwards it, and where Nginx does.

    python -m benchmarks.forwarding [--requests N] [--rate N] [--busy]

Two real nodes on loopback. The same small request of one session goes to its owner, to the other
node, which forwards it there, and to an Nginx before the owner, in turns: first while nothing else
is asked, then while other such requests come at `--rate` a second, spread over the same three.
Clients, nodes and Nginx share this machine's processors.
"""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import httpx

from benchmarks.numbers import at_least
from benchmarks.session_routing.report import percentile
from tests.app.lending.cluster import Cluster, cluster
from tests.nginx_balancer import NGINX, nginx_before

_NAMES = ("rs1", "rs2")
_OWNER, _OTHER, _NGINX = "owner", "other node", "nginx"
_BUSY = 1.0
_WARMING = 50
_PATH = "/gradio_api/cancel"

Times = Mapping[str, list[float]]
"""Milliseconds of each request, by the way that it took."""


def main() -> None:
    """Print medians and 99th percentiles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=at_least(1), default=1000, help="each way")
    parser.add_argument("--rate", type=at_least(1), default=100, help="others' requests a second")
    parser.add_argument("--busy", action="store_true", help="measure on a busy machine too")
    options = parser.parse_args()
    if os.getloadavg()[0] > _BUSY and not options.busy:
        sys.exit(f"load average {os.getloadavg()[0]:.1f}: wait, or give --busy")
    if NGINX is None:
        sys.exit("needs nginx")
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder), _NAMES, "faulty") as nodes,
    ):
        session = f"page{time.monotonic_ns()}"
        owner, other = _owner_first(nodes, session)
        with nginx_before([owner], Path(folder)) as before:
            ways = {_OWNER: owner, _OTHER: other, _NGINX: before}
            asyncio.run(_compare(ways, session, options))


def _owner_first(nodes: Cluster, session: str) -> list[str]:
    """URLs of the nodes: the session's owner, and the other."""
    urls = {name: nodes.nodes[name].url for name in _NAMES}
    # There is no such function: the node fails, and hangs up. The session has an owner by then.
    joined = {"data": [], "fn_index": 10**6, "session_hash": session}
    answer = httpx.post(f"{urls['rs1']}/gradio_api/queue/join", json=joined, trust_env=False)
    return sorted(urls.values(), key=lambda url: url != urls[answer.headers["x-node"]])


async def _compare(ways: Mapping[str, str], session: str, options: argparse.Namespace) -> None:
    body = {"session_hash": session, "fn_index": 0, "event_id": "none"}
    async with aiohttp.ClientSession() as client:
        await _in_turns(client, ways, body, _WARMING)
        _show("nothing else", await _in_turns(client, ways, body, options.requests))
        async with _load(client, ways, body, options.rate):
            found = await _in_turns(client, ways, body, options.requests)
        _show(f"beside {options.rate} requests a second", found)


async def _in_turns(
    client: aiohttp.ClientSession, ways: Mapping[str, str], body: object, requests: int
) -> Times:
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(requests):
        for way, url in ways.items():
            began = time.perf_counter()
            await _ask(client, url, body)
            times[way].append((time.perf_counter() - began) * 1000)
    return times


async def _ask(client: aiohttp.ClientSession, url: str, body: object) -> None:
    async with client.post(url + _PATH, json=body) as answer:
        answer.raise_for_status()
        await answer.read()


@asynccontextmanager
async def _load(
    client: aiohttp.ClientSession, ways: Mapping[str, str], body: object, rate: int
) -> AsyncIterator[None]:
    """Requests at a rate, whatever the answers take, for the time of the block."""

    async def come() -> None:
        async with asyncio.TaskGroup() as group:
            began = time.monotonic()
            for number, url in enumerate(itertools.cycle(ways.values())):
                await asyncio.sleep(began + number / rate - time.monotonic())
                group.create_task(_ask(client, url, body))

    coming = asyncio.create_task(come())
    try:
        yield
        if coming.done():
            coming.result()
    finally:
        coming.cancel()
        await asyncio.wait({coming})


def _show(title: str, times: Times) -> None:
    print(f"\n{title}: milliseconds at the owner itself, and more than there (a request's own)")
    at_owner = times[_OWNER]
    print(f"{_OWNER:12}{percentile(at_owner, 50):>8.2f} p50{percentile(at_owner, 99):>8.2f} p99")
    added = {
        way: [one - own for one, own in zip(times[way], at_owner, strict=True)]
        for way in (_OTHER, _NGINX)
    }
    for way, found in added.items():
        print(f"{way:12}{percentile(found, 50):>+8.2f} p50{percentile(found, 99):>+8.2f} p99")
    ours, theirs = (percentile(added[way], 50) for way in (_OTHER, _NGINX))
    print(f"ratio of what is added in the median: {ours / theirs:.1f} times nginx's", flush=True)


if __name__ == "__main__":
    main()
