"""A trace on a cluster of simulated nodes."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.session_routing.peers.peer import Condition, Peer
from app.session_routing.two_choices import less_loaded, ranked
from benchmarks.lending.nodes import LendingNode, LostWorkError, Network
from benchmarks.session_routing import virtual_time
from benchmarks.session_routing.trace import Arrival

SKEWS = ("page", "rr", "sh")
"""Ways for jobs to come to nodes: sessions go to the less busy of two, calls of the API stay where
IPVS sends them: to the next node by turns, or to the one that the client's address is hashed to."""


@dataclass(frozen=True, slots=True)
class Case:
    """The cluster, and what becomes of it."""

    nodes: int
    skew: str
    told: int
    seed: int = 1
    dead: int = 0
    """Nodes that die, all at once."""
    dies_at: float = 0.0
    hangs: bool = False
    pieces: int = 0
    """Patient jobs that one node has from the beginning."""


@dataclass(slots=True)
class Outcome:
    """The outcome of a trace. Times in seconds."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    gone: int = 0
    """Jobs of the nodes that died."""
    after: list[float] = field(default_factory=list)
    """Waits of those that came in the minute after nodes died."""
    book: float = 0.0
    """Until the last patient job was done."""


def play(case: Case, trace: list[Arrival]) -> Outcome:
    """Play a trace on a virtual clock."""
    random.seed(case.seed)
    return virtual_time.run(_Playing(case, trace).run())


class _Playing:
    def __init__(self, case: Case, trace: list[Arrival]) -> None:
        self._case = case
        self._trace = trace
        self._network: Network[LendingNode] = Network(case.seed)
        self._outcome = Outcome()

    async def run(self) -> Outcome:
        names = [f"rs{number:04}" for number in range(1, self._case.nodes + 1)]
        peers = [Peer(name, "") for name in names]
        for name in names:
            LendingNode(name, 1, self._network, told=self._case.told)
        for name in names:
            self._network.nodes[name].lend_to(peer for peer in peers if peer.name != name)
        place = _placing(self._case, self._network)
        with_them = [asyncio.create_task(self._book(names[-1])), asyncio.create_task(self._die())]
        jobs = []
        for arrival in self._trace:
            await asyncio.sleep(max(0.0, arrival.at - time.monotonic()))
            jobs.append(asyncio.create_task(self._job(arrival, place(arrival))))
        await asyncio.gather(*jobs, *with_them)
        for node in self._network.nodes.values():
            await node.broker.stop()
        return self._outcome

    async def _job(self, arrival: Arrival, node: LendingNode) -> None:
        job = asyncio.ensure_future(node.serve(arrival.length))
        death = asyncio.ensure_future(node.dead.wait())
        await asyncio.wait({job, death}, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if not job.done() or isinstance(job.exception(), LostWorkError):
            self._outcome.gone += 1
            job.cancel()
            return
        if (began := job.result()) is None:
            self._outcome.refused += 1
            return
        self._outcome.waits.append(began - arrival.at)
        if self._case.dead and 0 <= arrival.at - self._case.dies_at < 60:
            self._outcome.after.append(began - arrival.at)

    async def _book(self, name: str) -> None:
        node = self._network.nodes[name]
        draw = random.Random(self._case.seed)
        lengths = [draw.uniform(2, 6) for _ in range(self._case.pieces)]
        if lengths:
            await asyncio.gather(*(node.serve(length, patient=True) for length in lengths))
            self._outcome.book = time.monotonic()

    async def _die(self) -> None:
        if self._case.dead:
            await asyncio.sleep(self._case.dies_at)
            for node in itertools.islice(self._network.nodes.values(), self._case.dead):
                node.go(hangs=self._case.hangs)
                with contextlib.suppress(asyncio.CancelledError):
                    await node.broker.stop()


def _placing(case: Case, network: Network[LendingNode]) -> Callable[[Arrival], LendingNode]:
    draw = random.Random(case.seed)
    nodes = list(network.nodes.values())
    homes: dict[str, list[str]] = {}
    turn = itertools.cycle(nodes)

    def two_choices(_arrival: Arrival) -> LendingNode:
        two = draw.sample([node for node in nodes if not node.dead.is_set()], 2)
        conditions = [
            (node.name, Condition(jobs=node.running + node.queue.waiting, slots=1)) for node in two
        ]
        return network.nodes[less_loaded(conditions) or two[0].name]

    def by_turns(_arrival: Arrival) -> LendingNode:
        return next(node for node in turn if not node.dead.is_set())

    def hashed(arrival: Arrival) -> LendingNode:
        if arrival.address not in homes:
            homes[arrival.address] = ranked(arrival.address, network.nodes)
        there = (network.nodes[name] for name in homes[arrival.address])
        return next(node for node in there if not node.dead.is_set())

    return {"page": two_choices, "rr": by_turns, "sh": hashed}[case.skew]
