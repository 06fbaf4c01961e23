"""Nodes on a virtual clock: the line, the exchange and the owners are the real ones; workers
sleep, and the network is a pause."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

from app.lending.broker import Broker
from app.session_routing.owners import Owners
from app.session_routing.peers.client import PeerClient
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer
from app.session_routing.session_table import SessionTable
from app.workers.job import Job
from app.workers.job_queue import JobQueue
from app.workers.remote import NotTakenError, RemoteSlot
from app.workers.report import JobReport
from app.workers.slot import Slot, SlotState

PLACES = 32
"""Jobs that may wait on a node; further ones are refused."""
ONE_WAY = 0.001
"""Seconds a message takes at least, its handling included; half as much again on average."""


@dataclass(eq=False)
class _Worker:
    alive: bool = True


@dataclass(eq=False)
class _Slot:
    state: SlotState = SlotState.STARTING
    worker: _Worker = field(default_factory=_Worker)
    held: str = ""


class Network:
    """The things that all nodes share."""

    def __init__(self, seed: int) -> None:
        self.nodes: dict[str, SimulatedNode] = {}
        self._random = random.Random(seed)

    async def travel(self) -> None:
        """A message is on its way."""
        await asyncio.sleep(ONE_WAY + self._random.expovariate(2 / ONE_WAY))


class SimulatedNode:
    """A node with so many workers. With `lends` it lends and borrows."""

    def __init__(self, name: str, slots: int, network: Network) -> None:
        self.name = name
        self.network = network
        self.queue = JobQueue()
        self.running = 0
        self._slots = slots
        self.broker = Broker(self.queue, _LendingWire(self))
        peer_client = cast(PeerClient, _OwnerWire(self))
        self._members = _AllThere(name, [], peer_client, self.condition)
        self.owners = Owners(self._members, SessionTable(), peer_client)
        network.nodes[name] = self
        for _ in range(slots):
            self.queue.offer(cast(Slot, _Slot()))

    async def meet(self, *, lends: bool) -> None:
        """Know the others; all of them must be there."""
        peers = [Peer(name, "") for name in self.network.nodes if name != self.name]
        self._members.replace(peers)
        for peer in peers:
            self._members._spoke(peer.name, self.network.nodes[peer.name].condition())
        if lends:
            self.queue.neighbours = self.broker
            self.broker.replace(peers)

    def condition(self) -> Condition:
        """Return what it says of itself."""
        return Condition(jobs=self.running + self.queue.waiting, slots=self._slots)

    async def serve(self, length: float) -> float | None:
        """One job that takes `length` seconds: when it began; None where it was refused."""
        if not self.queue.idle and self.queue.waiting >= PLACES:
            return None
        self._members.arrived()
        came = time.monotonic()
        while True:
            slot = await self.queue.acquire("", came)
            if isinstance(slot, _Slot):
                return await self.work(cast(Slot, slot), length)
            try:
                elsewhere = cast(_Loan, slot)
                return await elsewhere.work(length)
            except NotTakenError:
                continue

    async def work(self, slot: Slot, length: float) -> float:
        """On a slot that is this job's; when it began."""
        began = time.monotonic()
        self.running += 1
        await asyncio.sleep(length)
        self.running -= 1
        self.queue.offer(slot)
        return began


class _Loan:
    """A job goes to another node, begins there or not, and the answer comes back."""

    def __init__(self, lender: SimulatedNode, borrower: SimulatedNode) -> None:
        self.node = borrower.name
        self._lender = lender
        self._borrower = borrower

    async def work(self, length: float) -> float:
        await self._lender.network.travel()
        slot = self._borrower.broker.slot_for(self._lender.name)
        if slot is None:
            await self._lender.network.travel()
            self._lender.broker.refused(self.node)
            raise NotTakenError
        return await self._borrower.work(slot, length)

    @contextlib.asynccontextmanager
    async def begun(
        self, job: Job, limit: float, report: JobReport
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        raise NotImplementedError
        yield


class _LendingWire:
    """`app.lending.peer_interface.PeerClient` without a wire."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    async def waiting(self, peer: Peer, age: float | None) -> int:
        other = await self._arrive(peer)
        idle = other.broker.heard(self._node.name, age)
        await self._node.network.travel()
        return idle

    async def offer(self, peer: Peer, next_best: float | None) -> tuple[bool, float | None]:
        other = await self._arrive(peer)
        answer = other.broker.offered(self._node.name, next_best)
        await self._node.network.travel()
        return answer

    async def spare(self, peer: Peer) -> int:
        there = await self._arrive(peer)
        spare = there.broker.spare_for(self._node.name)
        await self._node.network.travel()
        return spare

    def loan(self, peer: Peer) -> RemoteSlot:
        return _Loan(self._node, self._node.network.nodes[peer.name])

    async def _arrive(self, peer: Peer) -> SimulatedNode:
        await self._node.network.travel()
        return self._node.network.nodes[peer.name]


class _OwnerWire:
    """`app.session_routing.peers.client.PeerClient` without a wire."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    async def condition(self, peer: Peer) -> Condition:
        other = await self._arrive(peer)
        said = other._members.own_condition()
        await self._node.network.travel()
        return said

    async def locate(self, peer: Peer, key: str, release: str, **more: Any) -> str | None:
        other = await self._arrive(peer)
        owner = await other.owners.decide(key, release, **more)
        await self._node.network.travel()
        return owner

    async def known(self, peer: Peer, key: str) -> str | None:
        other = await self._arrive(peer)
        owner = other.owners.table.get(key)
        await self._node.network.travel()
        return owner

    async def pin(self, peer: Peer, key: str, owner: str, *, late: bool = False) -> None:
        other = await self._arrive(peer)
        if other.owners.heard(key, owner, late=late) and owner == other.name:
            other._members.promise()
        await self._node.network.travel()

    async def _arrive(self, peer: Peer) -> SimulatedNode:
        await self._node.network.travel()
        return self._node.network.nodes[peer.name]


class _AllThere(Members):
    """Nobody dies in the simulation, so nobody is asked twice a second."""

    def alive(self, name: str) -> bool:
        return True

    def keeps(self, name: str) -> bool:
        return True
