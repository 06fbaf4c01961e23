"""Owners of keys. docs/session-routing.md tells the protocol and what happens when nodes go.

Each key has *deciders*, the nodes that rendezvous hashing ranks first for it. A node that meets a
key for the first time asks the first live decider, once. That one remembers, or asks the others
who may remember, or, for a session that begins, chooses the less loaded of two nodes and tells the
next decider, so that one node can go without a session being lost.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Coroutine, Iterable
from typing import TypeVar

from .peers.client import PeerClient, PeerError
from .peers.members import Members
from .peers.peer import Condition
from .session_table import SessionTable
from .two_choices import candidates, less_loaded, ranked

_T = TypeVar("_T")
_log = logging.getLogger("app.session_routing")
SESSION = "session "
"""Keys of sessions begin so, those of events do not: the two never meet."""
DECIDERS = 3
"""Nodes that remember a key: one more than may go at the same time."""


class Owners:
    """Finder and memory of owners, for one node."""

    def __init__(self, members: Members, table: SessionTable, peer_client: PeerClient) -> None:
        self.members = members
        self.table = table
        self._peer_client = peer_client
        self._deciding: dict[str, asyncio.Task[str | None]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Tell nobody any more."""
        for telling in self._telling:
            telling.cancel()

    async def find(
        self, key: str, release: str, *, begins: bool, gone: str | None = None
    ) -> str | None:
        """The live owner of a key; None for one that nobody knows and that does not begin.
        ``gone`` is a node that was tried and took no connection, or was silent for too long."""
        if owner := self._remembered(key):
            if self.table.renewal_due(key):
                self._spawn(self.tell(key, owner))
            return owner
        for decider in ranked(key, self.members.live)[:DECIDERS]:
            try:
                owner = await self._asked(decider, key, release, begins=begins, gone=gone)
            except PeerError as error:
                self.members.failed(decider, error)
                continue
            if owner is not None:
                self.table.set(key, owner)
            return owner
        if not begins:
            return None
        await self.tell(key, self.members.node)
        return self.members.node

    async def decide(
        self, key: str, release: str, *, begins: bool, gone: str | None = None
    ) -> str | None:
        """The owner by this node's decision; several who ask at once get the same answer."""
        # Dead, or only out of the asker's reach? Then the session stays where it is.
        if gone is not None and self.members.alive(gone) and await self.members.answers(gone):
            gone = None
        if key not in self._deciding:
            task = asyncio.ensure_future(self._decided(key, release, begins=begins, gone=gone))
            self._deciding[key] = task
            task.add_done_callback(lambda _: self._deciding.pop(key, None))
        return await asyncio.shield(self._deciding[key])

    def heard(self, key: str, owner: str, *, late: bool) -> bool:
        """Note the owner of a key as a peer reports it, and return whether the key was unknown.
        What is ``late`` does not change what this node has heard meanwhile."""
        known = self._remembered(key)
        if known is None or not late:
            self.table.set(key, owner)
        return known is None

    def choice(self, key: str, release: str) -> list[str]:
        """The two nodes of which the less loaded one is to own a new key, or the one there is."""
        return candidates(key, self.members.eligible(release))

    async def tell(self, key: str, owner: str) -> None:
        """Make the deciders of a key know its owner, and the owner too. Those that are busy get to
        know it later: nobody waits for them for longer than a second."""
        self.table.set(key, owner)
        deciders = ranked(key, self.members.names)[:DECIDERS]
        told = {owner, *deciders} - {self.members.node}
        await asyncio.gather(*(self._tell(name, key, owner) for name in told))

    async def _tell(self, name: str, key: str, owner: str) -> None:
        if self.members.alive(name):
            try:
                await self._peer_client.pin(self.members.peers[name], key, owner)
            except PeerError as error:
                if error.refused:
                    return
            else:
                return
        if self.members.keeps(name):
            self._spawn(self._tell_busy(name, key, owner))

    async def _tell_busy(self, name: str, key: str, owner: str) -> None:
        # The peer may have been dropped meanwhile, and the key may have another owner.
        peer = self.members.peers.get(name)
        if peer is not None and self.table.get(key) == owner:
            with contextlib.suppress(PeerError):
                await self._peer_client.pin(peer, key, owner, late=True)

    def _spawn(self, telling: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _remembered(self, key: str) -> str | None:
        owner = self.table.get(key)
        return owner if owner is not None and self.members.keeps(owner) else None

    async def _asked(
        self, decider: str, key: str, release: str, *, begins: bool, gone: str | None
    ) -> str | None:
        if decider == self.members.node:
            return await self.decide(key, release, begins=begins, gone=gone)
        peer = self.members.peers[decider]
        return await self._peer_client.locate(peer, key, release, begins=begins, gone=gone)

    async def _decided(
        self, key: str, release: str, *, begins: bool, gone: str | None
    ) -> str | None:
        owner = self._remembered(key)
        if owner in (None, gone):
            owner = await self._remembered_elsewhere(key, begins=begins)
        if owner not in (None, gone):
            self.table.set(key, str(owner))
            return owner
        if not begins:
            return None
        owner = await self._less_loaded(self.choice(key, release))
        if owner == self.members.node:
            self.members.promise()
        await self.tell(key, owner)
        return owner

    async def _remembered_elsewhere(self, key: str, *, begins: bool) -> str | None:
        names = ranked(key, self.members.names)[:DECIDERS]
        # Who is only busy may be the one that knows; what is new waits for those only that have
        # answered lately.
        there = self.members.alive if begins else self.members.keeps
        peers = [
            self.members.peers[name] for name in names if name != self.members.node and there(name)
        ]
        questions = [asyncio.ensure_future(self._peer_client.known(peer, key)) for peer in peers]
        try:
            for answer in asyncio.as_completed(questions):
                try:
                    name = await answer
                except PeerError as error:
                    _log.warning("not told who owns a session: %s", error)
                    continue
                if name is not None and self.members.keeps(name):
                    return name
        finally:
            for question in questions:
                question.cancel()
        return None

    async def _less_loaded(self, names: list[str]) -> str:
        if len(names) == 1:
            return names[0]

        async def asked(name: str) -> tuple[str, Condition] | None:
            try:
                return name, await self.members.condition(name)
            except PeerError as error:
                self.members.failed(name, error)
                return None

        answers = [answer for answer in await _all(map(asked, names)) if answer is not None]
        return less_loaded(answers) or self.members.node


async def _all(questions: Iterable[Awaitable[_T]]) -> list[_T]:
    """The answers there are, in order; peers that fail leave a gap, which is closed."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, PeerError):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
