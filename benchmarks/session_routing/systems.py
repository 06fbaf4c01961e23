"""The ways to spread sessions over nodes that are compared."""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from app.session_routing.two_choices import ranked
from benchmarks.session_routing import virtual_time
from benchmarks.session_routing.simulated_nodes import Network, SimulatedNode
from benchmarks.session_routing.trace import Arrival

SYSTEMS = ("no routing", "persistence", "sh", "two choices", "ours")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trace."""

    waits: list[float]
    """Seconds, of the jobs that were done."""
    failed: int


def simulate(system: str, trace: list[Arrival], nodes: int, slots: int, seed: int) -> Outcome:
    """A trace on a cluster of `nodes` with `slots` workers each."""
    return virtual_time.run(_run(system, trace, nodes, slots, seed))


async def _run(system: str, trace: list[Arrival], nodes: int, slots: int, seed: int) -> Outcome:
    network = Network(seed)
    names = [f"rs{number}" for number in range(1, nodes + 1)]
    for name in names:
        SimulatedNode(name, slots, network)
    routed = system in ("two choices", "ours")
    if routed:
        for node in network.nodes.values():
            await node.meet(lends=system == "ours")
    loop = asyncio.get_running_loop()
    place = _placing(system, names, random.Random(seed))
    start = loop.time()
    jobs: list[asyncio.Task[float | None]] = []
    for number, arrival in enumerate(trace):
        await asyncio.sleep(max(0.0, start + arrival.at - loop.time()))
        jobs.append(asyncio.create_task(_job(number, arrival, network, place, routed)))
    waits = await asyncio.gather(*jobs)
    for node in network.nodes.values():
        await node.broker.stop()
    done = [wait for wait in waits if wait is not None]
    return Outcome(done, len(waits) - len(done))


async def _job(
    number: int, arrival: Arrival, network: Network, place: "_Place", routed: bool
) -> float | None:
    """Seconds it waited; None where it failed."""
    came = asyncio.get_running_loop().time()
    where, found_again = place(arrival)
    if routed:
        # It lands anywhere; that node finds the owner and forwards.
        owner = await network.nodes[where].owners.find(f"session {number}", "", begins=True)
        if owner is not None and owner != where:
            await network.travel()
            where = owner
    began = await network.nodes[where].serve(arrival.length)
    return began - came if began is not None and found_again else None


_Place = Callable[[Arrival], tuple[str, bool]]
"""The node of a job's first request, and whether its second, that asks for the result, gets there
too."""


def _placing(system: str, names: list[str], draw: random.Random) -> _Place:
    turn = itertools.cycle(names)
    homes: dict[str, str] = {}

    def round_robin(arrival: Arrival) -> tuple[str, bool]:
        # Others' connections come between a session's two: the second is as good as drawn.
        where = next(turn)
        return where, system != "no routing" or draw.choice(names) == where

    def persistent(arrival: Arrival) -> tuple[str, bool]:
        if arrival.address not in homes:
            homes[arrival.address] = next(turn)
        return homes[arrival.address], True

    def hashed(arrival: Arrival) -> tuple[str, bool]:
        return ranked(arrival.address, names)[0], True

    return {"persistence": persistent, "sh": hashed}.get(system, round_robin)
