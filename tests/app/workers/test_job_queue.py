"""The line's books under any order of events: nobody is lost, nobody is served twice."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.workers.job_queue import JobQueue
from app.workers.remote import RemoteSlot
from app.workers.slot import Slot, SlotState


@dataclass(eq=False)
class FakeWorker:
    alive: bool = True


@dataclass(eq=False)
class FakeSlot:
    """A slot as the queue sees it."""

    state: SlotState = SlotState.STARTING
    worker: FakeWorker = field(default_factory=FakeWorker)
    held: str = ""


class LineMachine(RuleBasedStateMachine):
    """Jobs come, get a slot, end, and go away; workers start, die and are replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.queue = JobQueue()
        self.slots: list[FakeSlot] = []
        self.expected: list[str] = []
        """Ids of those in line, in order."""
        self.tasks: dict[str, asyncio.Task[Slot | RemoteSlot]] = {}
        self.holders: dict[str, FakeSlot] = {}
        self.away: dict[str, object] = {}
        """Jobs on other nodes."""
        self.number = 0

    def teardown(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        self.settle()
        self.loop.close()

    def settle(self) -> None:
        async def turn() -> None:
            for _ in range(4):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())
        for name, task in list(self.tasks.items()):
            if task.done() and not task.cancelled():
                del self.tasks[name]
                slot = task.result()
                if isinstance(slot, FakeSlot):
                    self.holders[name] = slot
                else:
                    self.away[name] = slot

    def offer(self, slot: FakeSlot) -> None:
        self.queue.offer(cast(Slot, slot))
        if self.expected:
            assert slot.state is SlotState.BUSY
            name = self.expected.pop(0)
            self.settle()
            assert self.holders[name] is slot, "first come, first served"

    @initialize(slots=st.integers(1, 3))
    def start(self, slots: int) -> None:
        self.slots = [FakeSlot() for _ in range(slots)]

    @rule()
    def come(self) -> None:
        self.number += 1
        name = f"job-{self.number}"
        idle = self.queue.idle
        self.tasks[name] = self.loop.create_task(self.queue.acquire(name, self.number))
        if not idle:
            self.expected.append(name)
        self.settle()
        assert (name in self.holders) == bool(idle)

    @rule()
    def come_back(self) -> None:
        """A job that was here before all others: another node did not take it."""
        self.number += 1
        name = f"job-{self.number}"
        idle = self.queue.idle
        self.tasks[name] = self.loop.create_task(self.queue.acquire(name, -self.number))
        if not idle:
            self.expected.insert(0, name)
        self.settle()
        assert (name in self.holders) == bool(idle)

    @rule()
    def lend(self) -> None:
        there = cast(RemoteSlot, object())
        assert self.queue.lend(there) == bool(self.expected)
        self.settle()
        if self.expected:
            assert self.away[self.expected.pop(0)] is there

    @rule()
    def borrow(self) -> None:
        """Another node's job takes a slot that is idle, and gives it back."""
        idle = self.queue.idle
        slot = self.queue.take()
        assert (slot is not None) == bool(idle)
        if slot is not None:
            self.number += 1
            self.holders[f"borrowed-{self.number}"] = cast(FakeSlot, slot)

    @precondition(lambda self: any(s.state is SlotState.STARTING for s in self.slots))
    @rule(data=st.data())
    def worker_ready(self, data: st.DataObject) -> None:
        starting = [slot for slot in self.slots if slot.state is SlotState.STARTING]
        slot = data.draw(st.sampled_from(starting))
        slot.worker = FakeWorker()
        self.offer(slot)

    @precondition(lambda self: self.holders)
    @rule(data=st.data())
    def job_ends(self, data: st.DataObject) -> None:
        slot = self.holders.pop(data.draw(st.sampled_from(sorted(self.holders))))
        if slot.worker.alive:
            self.offer(slot)
        else:
            slot.state = SlotState.STARTING

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.expected))
        self.expected.remove(name)
        self.tasks.pop(name).cancel()
        self.settle()

    @precondition(lambda self: self.expected and self.holders)
    @rule()
    def give_up_in_the_very_moment(self) -> None:
        """The slot is given and the job cancelled before it could see it: the next one gets it."""
        slot = self.holders.pop(min(self.holders))
        if not slot.worker.alive:
            slot.state = SlotState.STARTING
            return
        first = self.expected.pop(0)
        self.queue.offer(cast(Slot, slot))
        self.tasks.pop(first).cancel()
        following = self.expected.pop(0) if self.expected else None
        self.settle()
        if following:
            assert self.holders[following] is slot
        else:
            assert slot.state is SlotState.IDLE

    @precondition(lambda self: self.slots)
    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(self.slots))
        slot.worker.alive = False
        if slot.state is SlotState.IDLE:
            slot.state = SlotState.STARTING
        self.queue.withdraw(cast(Slot, slot))

    @invariant()
    def books(self) -> None:
        assert self.queue.waiting == len(self.expected) == len(self.tasks)
        assert self.queue.idle == sum(slot.state is SlotState.IDLE for slot in self.slots)
        assert not (self.queue.idle and self.queue.waiting), "nobody waits while a slot is free"
        assert [self.queue.ahead(name) for name in self.expected] == [*range(len(self.expected))]
        held = list(self.holders.values())
        assert len(held) == len(set(map(id, held))), "a slot has one job"
        assert all(slot.state is SlotState.BUSY for slot in held)


TestLine = LineMachine.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
