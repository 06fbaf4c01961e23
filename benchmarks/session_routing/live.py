"""Three real nodes on loopback behind a balancer that gives every connection to the next one."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
from gradio_client import Client

from benchmarks.session_routing.report import percentile, ratio
from benchmarks.session_routing.trace import Arrival, arrivals, ideal_waits
from tests.app.lending.cluster import Cluster, cluster
from tests.app.session_routing.cluster import RoundRobin

NAMES = ("rs1", "rs2", "rs3")
_CLIENT_CALLS = 30
_RAW_CALLS = 15
_FORWARDED = 300
_TIMEOUT = 300.0
_NO_REUSE = httpx.Limits(max_keepalive_connections=0)


def measure(seconds: float, load: float, seed: int) -> None:
    """Print success with and without the layer, what a forwarded request costs, and waits."""
    for title, alone in (("without", True), ("with", False)):
        with tempfile.TemporaryDirectory() as folder:
            more = ("--queue-size", "1000", "--longest-timeout", "600")
            with cluster(Path(folder), NAMES, "faulty", *more, alone=alone) as nodes:
                balancer = RoundRobin([_port(nodes, name) for name in NAMES])
                try:
                    url = f"http://127.0.0.1:{balancer.port}"
                    print(f"\nthree nodes, {title} session routing: {_success(url)}", flush=True)
                    if not alone:
                        _forwarded(nodes)
                        _waits(nodes, url, seconds, load, seed)
                finally:
                    balancer.close()


def _port(nodes: Cluster, name: str) -> int:
    return int(nodes.nodes[name].url.rpartition(":")[2])


def _success(url: str) -> str:
    kinds = {
        "gradio_client": (_client_call, _CLIENT_CALLS),
        "raw calls": (_raw_call, _RAW_CALLS),
        "two events of one page": (_two_events, _RAW_CALLS),
    }
    return ", ".join(
        f"{name} {_succeeded(partial(call, url), times)} of {times}"
        for name, (call, times) in kinds.items()
    )


def _succeeded(call: Callable[[], bool], times: int) -> int:
    def one(_: int) -> bool:
        try:
            return call()
        except Exception:
            # Whatever it is: the user has no sound.
            return False

    # Not as many as nodes: their connections would fall into step with the balancer.
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(one, range(times)))


def _client_call(url: str) -> bool:
    path, _ = Client(url, verbose=False).predict("hello", "tone", 1.0, 1, api_name="/synthesize")
    return Path(path).stat().st_size > 0


def _raw_call(url: str) -> bool:
    called = httpx.post(f"{url}/gradio_api/call/synthesize", json={"data": ["hello", "tone", 1, 1]})
    event = called.json()["event_id"]
    told = httpx.get(f"{url}/gradio_api/call/synthesize/{event}", timeout=_TIMEOUT).text
    return "event: complete" in told


def _two_events(url: str) -> bool:
    config = httpx.get(f"{url}/config").json()
    number = next(fn["id"] for fn in config["dependencies"] if fn["api_name"] == "synthesize")
    session = {"session_hash": f"page{time.monotonic_ns()}"}
    for _ in range(2):
        body = {"data": ["hello", "tone", 1, 1], "fn_index": number, **session}
        httpx.post(f"{url}/gradio_api/queue/join", json=body).raise_for_status()
    ended = 0
    data = f"{url}/gradio_api/queue/data"
    with httpx.stream("GET", data, params=session, timeout=_TIMEOUT) as stream:
        for line in stream.iter_lines():
            said = json.loads(line.removeprefix("data: ")) if line else {}
            ended += said.get("msg") == "process_completed" and bool(said.get("success"))
    return ended == 2


def _forwarded(nodes: Cluster) -> None:
    """The same small request of one session at its owner and at another node, in turn."""
    urls = [nodes.nodes[name].url for name in NAMES]
    session = f"page{time.monotonic_ns()}"
    body = {"session_hash": session, "fn_index": 0, "event_id": "none"}
    # So that it has an owner, which answers itself. There is no such function: the node fails, and
    # hangs up.
    joined = {"data": [], "fn_index": 10**6, "session_hash": session}
    owner = httpx.post(f"{urls[0]}/gradio_api/queue/join", json=joined).headers["x-node"]
    here = nodes.nodes[owner].url
    there = next(url for url in urls if url != here)
    with httpx.Client(timeout=_TIMEOUT) as client:
        times: dict[str, list[float]] = {here: [], there: []}
        for _ in range(_FORWARDED):
            for url, found in times.items():
                began = time.perf_counter()
                client.post(f"{url}/gradio_api/cancel", json=body).raise_for_status()
                found.append((time.perf_counter() - began) * 1000)
    added = [there - here for there, here in zip(times[there], times[here], strict=True)]
    print(
        f"a forwarded request: {percentile(added, 50):.2f} ms more in the median (aim: under 3), "
        f"{percentile(added, 99):.2f} ms in the 99th percentile; at the owner itself "
        f"{percentile(times[here], 50):.2f} ms and {percentile(times[here], 99):.2f} ms",
        flush=True,
    )


def _waits(nodes: Cluster, url: str, seconds: float, load: float, seed: int) -> None:
    slots = len(NAMES)
    mean = sum(arrival.length for arrival in arrivals(1000, slots, load, seed)) / 1000
    jobs = round(seconds * load * slots / mean)
    trace = [
        Arrival(arrival.at, max(0.1, round(arrival.length, 1)), arrival.address)
        for arrival in arrivals(jobs, slots, load, seed)
    ]
    before = _worked(nodes)
    waits, failed = asyncio.run(_played(url, trace))
    # What a job keeps a worker beyond its length: a busy machine, and messages.
    excess = (_worked(nodes) - before - sum(arrival.length for arrival in trace)) / jobs
    waits = [wait - excess for wait in waits]
    ideal = ideal_waits([replace(job, length=job.length + excess) for job in trace], slots)
    lent = sum(nodes.lending(name, "lent", "done") for name in NAMES)
    alone, _ = asyncio.run(_played(url, [Arrival(0.0, 0.1, "")]))
    print(
        f"{jobs} calls in {seconds:g} s at {load:.0%} load, {lent} lent, {failed} failed; "
        f"each kept a worker {excess * 1000:.0f} ms longer than it should, as it does the ideal's; "
        f"a call alone takes {alone[0] * 1000:.0f} ms beyond its work"
    )
    for name, found in (("ideal", ideal), ("measured", waits)):
        shown = ", ".join(f"p{share} {percentile(found, share):.2f} s" for share in (50, 95, 99))
        print(f"  wait, {name}: {shown}")
    print(f"  p99 to the ideal: {ratio(waits, ideal, 99):.2f} (aim: under 1.3)", flush=True)


def _worked(nodes: Cluster) -> float:
    """Seconds that ended jobs have been on workers."""
    jobs = [node.status()["jobs"] for node in nodes.nodes.values()]
    return sum(float(told["seconds_working"]) for told in jobs)


async def _played(url: str, trace: list[Arrival]) -> tuple[list[float], int]:
    """Play a trace; return what each call took beyond its work, and how many failed."""
    async with httpx.AsyncClient(base_url=url, limits=_NO_REUSE, timeout=_TIMEOUT) as client:
        start = time.perf_counter()

        async def one(arrival: Arrival) -> float | None:
            await asyncio.sleep(start + arrival.at - time.perf_counter())
            began = time.perf_counter()
            asked = {"data": [f"slow {arrival.length}", "tone", 1, 1]}
            called = await client.post("/gradio_api/call/synthesize", json=asked)
            event = called.json()["event_id"]
            told = await client.get(f"/gradio_api/call/synthesize/{event}")
            took = time.perf_counter() - began
            return took - arrival.length if "event: complete" in told.text else None

        waits = await asyncio.gather(*(one(arrival) for arrival in trace))
    done = [wait for wait in waits if wait is not None]
    return done, len(waits) - len(done)
