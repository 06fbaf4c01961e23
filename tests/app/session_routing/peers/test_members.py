"""Members that count as there: one lost packet removes none, a refused connection does at once."""

import asyncio

import pytest

from app.session_routing.peers.client import PeerClient, PeerError
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer

_PEER = Peer("rs2", "http://127.0.0.1:1")


class _Answering(PeerClient):
    """A peer that answers, until it is told not to."""

    def __init__(self) -> None:
        self.error: PeerError | None = None

    async def condition(self, peer: Peer) -> Condition:
        if self.error:
            raise self.error
        return Condition(process="p")


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (PeerError("no answer in time"), True),
        (PeerError("no connection in time", reached=False), True),
        (PeerError("connection refused", reached=False, refused=True), False),
    ],
)
def test_what_takes_a_peer_away(error: PeerError, stays: bool) -> None:
    async def scenario() -> tuple[bool, bool]:
        peer_client = _Answering()
        members = Members("rs1", [_PEER], peer_client, Condition)
        assert not members.alive("rs2")
        await members.condition("rs2")
        assert members.alive("rs2")
        peer_client.error = error
        assert not await members.answers("rs2")
        return members.alive("rs2"), members.keeps("rs2")

    assert asyncio.run(scenario()) == (stays, stays)


def test_a_peer_that_takes_no_connection_keeps_its_sessions_until_it_is_silent_for_long() -> None:
    async def scenario() -> tuple[bool, bool]:
        members = Members("rs1", [_PEER], _Answering(), Condition)
        await members.condition("rs2")
        members.failed("rs2", PeerError("no connection in time", reached=False))
        busy = members.keeps("rs2")
        members.silent("rs2").set()
        return busy, members.keeps("rs2")

    assert asyncio.run(scenario()) == (True, False)
