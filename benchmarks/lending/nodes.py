"""Nodes that lend to each other, on a virtual clock: the line and the broker are the real ones;
workers sleep, and the network is a pause."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from app.lending.broker import Broker
from app.lending.peer_interface import PeerSilentError
from app.session_routing.peers.peer import Peer
from app.workers.job import Job
from app.workers.job_queue import JobQueue
from app.workers.remote import NotTakenError, RemoteSlot
from app.workers.report import JobReport
from app.workers.slot import Slot, SlotState

PLACES = 32
"""Jobs that may wait on a node; further ones are refused."""
ONE_WAY = 0.001
"""Seconds a message takes at least, its handling included; half as much again on average."""
_QUESTION = 1.0
"""Seconds a node waits for the answer to a question, as the real client does."""
_SILENCE = 10.0
"""Seconds without a sign of life after which a lent job is lost, likewise."""


@dataclass(eq=False)
class _Worker:
    alive: bool = True


@dataclass(eq=False)
class _Slot:
    state: SlotState = SlotState.STARTING
    worker: _Worker = field(default_factory=_Worker)
    held: str = ""


_Node = TypeVar("_Node", bound="LendingNode")


class Network(Generic[_Node]):
    """The things that all nodes share."""

    def __init__(self, seed: int) -> None:
        self.nodes: dict[str, _Node] = {}
        self._random = random.Random(seed)

    async def travel(self) -> None:
        """A message is on its way."""
        await asyncio.sleep(ONE_WAY + self._random.expovariate(2 / ONE_WAY))


class LostWorkError(Exception):
    """A node has gone with a job that it worked on."""


class LendingNode:
    """A node with so many workers, which lends and borrows once it has met others."""

    def __init__(self, name: str, slots: int, network: Network[Any], **more: Any) -> None:
        self.name = name
        self.network = network
        self.queue = JobQueue()
        self.running = 0
        self.dead = asyncio.Event()
        self.hangs = False
        self.broker = Broker(self.queue, _LendingWire(self), **more)
        network.nodes[name] = self
        for _ in range(slots):
            self.queue.offer(cast(Slot, _Slot()))

    def lend_to(self, peers: Iterable[Peer]) -> None:
        """Deal with these others from now on."""
        self.queue.neighbours = self.broker
        self.broker.replace(peers)

    def go(self, *, hangs: bool) -> None:
        """Be dead from now on: silent, or with a closed port."""
        self.hangs = hangs
        self.dead.set()

    async def serve(self, length: float, *, patient: bool = False) -> float | None:
        """One job that takes `length` seconds: when it began; None where it was refused."""
        if not patient and not self.queue.idle and self.queue.waiting >= PLACES:
            return None
        acquire = self.queue.acquire_spare if patient else self.queue.acquire
        came = time.monotonic()
        while True:
            slot = await acquire("", came)
            if isinstance(slot, _Slot):
                return await self.work(cast(Slot, slot), length)
            try:
                elsewhere = cast(_Loan, slot)
                return await elsewhere.work(length, patient=patient)
            except (NotTakenError, LostWorkError):
                continue

    async def work(self, slot: Slot, length: float) -> float:
        """On a slot that is this job's; when it began. Raises ``LostWorkError``."""
        began = time.monotonic()
        self.running += 1
        try:
            async with asyncio.timeout(length):
                await self.dead.wait()
        except TimeoutError:
            self.queue.offer(slot)
            return began
        finally:
            self.running -= 1
        raise LostWorkError


class _Loan:
    """A job goes to another node, begins there or not, and the answer comes back."""

    def __init__(self, lender: LendingNode, borrower: LendingNode) -> None:
        self.node = borrower.name
        self._lender = lender
        self._borrower = borrower

    async def work(self, length: float, *, patient: bool = False) -> float:
        """Have the job done; when it began. Raises ``NotTakenError``, ``LostWorkError``."""
        await self._lender.network.travel()
        broker = self._borrower.broker
        dead = self._borrower.dead.is_set()
        slot = None if dead else broker.slot_for(self._lender.name, patient=patient)
        if slot is None:
            await self._hear_nothing()
            self._lender.broker.refused(self.node)
            raise NotTakenError
        try:
            return await self._borrower.work(slot, length)
        except LostWorkError:
            await self._hear_nothing()
            raise
        finally:
            self._lender.broker.ended(self.node)

    async def _hear_nothing(self) -> None:
        await self._lender.network.travel()
        if self._borrower.hangs:
            await asyncio.sleep(_SILENCE)

    @contextlib.asynccontextmanager
    async def begun(
        self, job: Job, limit: float, report: JobReport
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        raise NotImplementedError
        yield


class _LendingWire:
    """`app.lending.peer_interface.PeerClient` without a wire."""

    def __init__(self, node: LendingNode) -> None:
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

    async def _arrive(self, peer: Peer) -> LendingNode:
        await self._node.network.travel()
        other: LendingNode = self._node.network.nodes[peer.name]
        if other.hangs:
            await asyncio.sleep(_QUESTION)
        if other.dead.is_set():
            raise PeerSilentError(peer.name)
        return other
