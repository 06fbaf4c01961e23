"""Broker of work between this node and the others: tells them that jobs wait here, and gives them
free slots.

While jobs wait, peers are told when the first of them arrived; one that has an idle slot says so,
and gets the job. A slot that becomes free while an older job waits elsewhere is held for that
job for a moment. So the oldest job of the cluster is the next to run, as in one line, and nobody
asks anything while nobody waits.

Patient jobs are not told of. A node that has some asks for slots that are spare, and sends them
there.
"""

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import Callable, Coroutine, Iterable

from ..session_routing.peers.peer import Peer
from ..workers.job_queue import JobQueue
from ..workers.remote import Neighbours
from ..workers.slot import Slot
from ..workers.worker import Worker
from .decisions import next_best, pick_peer, still_first
from .known import Hold, Known, Told
from .peer_interface import PeerClient, PeerSilentError

_AGAIN = 1.0
"""Seconds after which peers are reminded of a job that still waits."""
_BELIEVED = 2.5 * _AGAIN
"""Seconds for which a peer that reported waiting jobs is taken to have them."""
_PAUSE = 1.0
"""Seconds a peer that does not answer is left alone."""
_SHY = 0.2
"""Seconds a peer that refused a job is left alone."""
_HELD = 0.25
"""Seconds a slot is held for a job that was announced for it."""
_TOLD = 31
"""Peers that are told of waiting jobs: where there are more, so many by chance. Of these one has a
free slot whenever one in ten has. One that gets a job gives its place to another, and is told anew
when the job is over: so a node finds as many slots as its jobs need."""
_ASKED = 3
"""Peers that are offered a slot before it is given to this node's own line."""
_log = logging.getLogger("app.lending")


class Broker(Neighbours):
    """Broker of one node. Belongs to one event loop. ``opened`` says whether the node takes jobs
    now; of more peers than ``told``, so many are told of waiting jobs."""

    def __init__(
        self,
        queue: JobQueue,
        client: PeerClient,
        opened: Callable[[], bool] = lambda: True,
        told: int = _TOLD,
    ) -> None:
        self._queue = queue
        self._client = client
        self._known: dict[str, Known] = {}
        self._waiting: dict[str, Known] = {}
        """Peers that have said that jobs wait there."""
        self._opened = opened
        self._most_told = told
        self._first: float | None = None
        self._patient = asyncio.Event()
        """Set while patient jobs wait here."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def peers(self) -> int:
        """Number of peers."""
        return len(self._known)

    @property
    def wanting(self) -> bool:
        """True if a peer has told of a job that waits there."""
        return bool(self._others())

    def replace(self, peers: Iterable[Peer]) -> None:
        """Deal with these peers from now on."""
        wanted = {peer.name: peer for peer in peers}
        for name, known in list(self._known.items()):
            if wanted.get(name) != known.peer:
                if known.told is not None:
                    known.told.end()
                del self._known[name]
                self._waiting.pop(name, None)
        for name, peer in wanted.items():
            if name not in self._known:
                self._known[name] = Known(peer)
        self._tell_enough()

    async def stop(self) -> None:
        """Deal no more; slots that are held go back to the queue."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What the queue tells.

    def changed(self) -> None:
        """The first in the queue may be another one."""
        if (first := self._queue.oldest) != self._first:
            self._first = first
            for told in self._told():
                told.news.set()
        if self._queue.patient:
            self._patient.set()
        else:
            self._patient.clear()

    def keeps(self, slot: Slot) -> bool:
        """Tell whether the slot goes to an older job elsewhere, if that is still there."""
        if not self._opened() or self._picked_peer() is None:
            return False
        self._spawn(self._offer_around(slot, slot.worker))
        return True

    # What peers tell.

    def heard(self, name: str, age: float | None) -> int:
        """A job has waited there for ``age`` seconds, or none waits; how many slots are idle."""
        if (known := self._known.get(name)) is None:
            return 0
        self._note(known, age)
        if age is None:
            self._queue.serve_patient()
        return self._queue.idle if self._opened() else 0

    def spare_for(self, name: str) -> int:
        """Slots that a patient job of a peer could have now."""
        return self._queue.spare if name in self._known and self._opened() else 0

    def offered(self, name: str, next_best: float | None) -> tuple[bool, float | None]:
        """Answer an offer; see ``PeerClient.offer``."""
        if (known := self._known.get(name)) is None:
            return False, None
        when = None if next_best is None else time.monotonic() - next_best
        taken = still_first(self._queue.oldest, when) and self._queue.lend(
            self._client.loan(known.peer)
        )
        if (told := known.told) is not None:
            told.oldest, told.at = self._queue.oldest, time.monotonic()
            if taken:
                told.served = True
                told.news.set()
        return taken, self._age(self._queue.oldest)

    def slot_for(self, name: str, *, patient: bool = False) -> Slot | None:
        """A slot for a job that a peer sends, busy from now on: one held for it, or an idle one;
        for a patient job a spare one."""
        if (known := self._known.get(name)) is None or not self._opened():
            return None
        if patient:
            return self._queue.take_spare()
        while known.holds:
            hold = known.holds.pop(0)
            if hold.good:
                hold.used.set()
                return hold.slot
        return self._queue.take()

    def refused(self, name: str) -> None:
        """A peer did not take a job it was sent, which is in the queue again."""
        if name in self._known:
            self._known[name].shy_until = time.monotonic() + _SHY
        for told in self._told():
            told.oldest = math.nan
        self._first = math.nan

    def ended(self, name: str) -> None:
        """A job of this node is over at a peer."""
        if (known := self._known.get(name)) is None:
            return
        if known.told is not None:
            known.told.ended.set()
        elif self._queue.oldest is not None:
            self._spawn(self._tell_again(known))

    # What this node does.

    async def _borrow(self, peer: Peer, told: Told) -> None:
        """Send patient jobs to the peer's spare slots."""
        while True:
            await self._patient.wait()
            # What a peer told may be too old to be believed by now, and nobody else would notice.
            self._queue.serve_patient()
            told.ended.clear()
            await self._borrow_once(peer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    await told.ended.wait()

    async def _borrow_once(self, peer: Peer) -> None:
        with contextlib.suppress(PeerSilentError):
            for _ in range(await self._client.spare(peer)):
                if not self._queue.lend_patient(self._client.loan(peer)):
                    break

    def _tell_enough(self) -> None:
        """Begin to tell as many peers as are to be told; those first that are not known to be
        silent, and have got no job of this node, or not lately."""
        now = time.monotonic()
        untold = [known for known in self._known.values() if known.told is None]
        lacking = self._most_told - (len(self._known) - len(untold))
        if lacking < len(untold):
            random.shuffle(untold)
            untold.sort(key=lambda known: (known.shy_until > now, known.served_at))
        for known in untold[: max(0, lacking)]:
            known.told = told = Told()
            told.news.set()
            told.telling = self._spawn(self._tell(known, told))
            told.borrowing = self._spawn(self._borrow(known.peer, told))

    async def _tell(self, known: Known, told: Told) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._queue.oldest is None else _AGAIN):
                    await told.news.wait()
            told.news.clear()
            if not told.served:
                await self._tell_news(known, told)
            if told.served:
                known.served_at = time.monotonic()
                if self._another_is_told(known, told):
                    return
                told.served = False

    async def _tell_news(self, known: Known, told: Told) -> None:
        """Tell a peer what it does not know, and send it a job for each idle slot."""
        await asyncio.sleep(max(0.0, known.shy_until - time.monotonic()))
        now, oldest = time.monotonic(), self._queue.oldest
        if told.oldest == oldest and (oldest is None or now - told.at < _AGAIN):
            return
        told.oldest, told.at = oldest, now
        try:
            if await self._lent_to(known, oldest):
                told.served = True
        except PeerSilentError as error:
            _log.debug("%s", error)
            # It forgets by itself that somebody waited here.
            told.oldest = None if oldest is None else math.nan
            told.news.set()
            # Another may have its place.
            told.served = True

    async def _tell_again(self, known: Known) -> None:
        """Tell a peer, of which a job has just ended, that there are more."""
        with contextlib.suppress(PeerSilentError):
            if (oldest := self._queue.oldest) is not None:
                await self._lent_to(known, oldest)

    async def _lent_to(self, known: Known, oldest: float | None) -> bool:
        """Tell a peer of the first job here, or that none waits; whether it got jobs.

        Raises ``PeerSilentError``, and leaves it alone for a while."""
        try:
            idle = await self._client.waiting(known.peer, self._age(oldest))
        except PeerSilentError:
            known.shy_until = time.monotonic() + _PAUSE
            raise
        lent = [self._queue.lend(self._client.loan(known.peer)) for _ in range(idle)]
        if any(lent):
            known.served_at = time.monotonic()
        return any(lent)

    def _another_is_told(self, known: Known, told: Told) -> bool:
        """Give a peer's place among those who are told to another, where there are more."""
        if len(self._known) <= self._most_told:
            return False
        told.borrowing.cancel()
        known.told = None
        self._tell_enough()
        return True

    def _told(self) -> Iterable[Told]:
        return [known.told for known in self._known.values() if known.told is not None]

    async def _offer_around(self, slot: Slot, worker: Worker | None) -> None:
        hold = Hold(slot, worker)
        try:
            for _ in range(_ASKED):
                if hold.used.is_set() or (name := self._picked_peer()) is None:
                    break
                await self._offer_to(self._known[name], hold)
        finally:
            if not hold.used.is_set():
                self._queue.give_back(slot, worker)

    async def _offer_to(self, known: Known, hold: Hold) -> None:
        """Offer the slot and wait until a job of that peer has taken it, or none will."""
        others = self._others()
        after = self._age(next_best(self._queue.oldest, others, known.peer.name))
        # Slots that become free meanwhile are for other jobs.
        self._forget(known)
        known.holds.append(hold)
        try:
            comes, age = await self._client.offer(known.peer, after)
            self._note(known, age)
            if comes:
                async with asyncio.timeout(_HELD):
                    await hold.used.wait()
        except (PeerSilentError, TimeoutError) as error:
            _log.debug("%s did not use a slot: %s", known.peer.name, error)
        finally:
            if hold in known.holds:
                known.holds.remove(hold)

    def _picked_peer(self) -> str | None:
        return pick_peer(self._queue.oldest, self._others())

    def _others(self) -> dict[str, float]:
        now = time.monotonic()
        return {
            name: known.oldest
            for name, known in self._waiting.items()
            if known.oldest is not None and now - known.heard < _BELIEVED
        }

    def _note(self, known: Known, age: float | None) -> None:
        known.heard = time.monotonic()
        if age is None:
            self._forget(known)
            return
        known.oldest = known.heard - age
        # A peer may have left while it answered.
        if self._known.get(known.peer.name) is known:
            self._waiting[known.peer.name] = known

    def _forget(self, known: Known) -> None:
        """No job waits at a peer, as far as this node knows."""
        known.oldest = None
        if self._waiting.get(known.peer.name) is known:
            del self._waiting[known.peer.name]

    def _age(self, when: float | None) -> float | None:
        return None if when is None else time.monotonic() - when

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
