"""News as it travels: asked for with a signature, answered with the condition, from a place on."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from app.session_routing.middleware import SessionRouting
from app.session_routing.peers.client import Answer, PeerClient, PeerError
from app.session_routing.peers.peer import Condition, Peer
from app.session_routing.peers.peer_http import PeerHttp
from app.session_routing.peers.signatures import Signatures
from tests.app.loopback import served

SECRET = b"a secret for tests"


class Answering(PeerClient):
    """Peers that answer at once."""

    async def condition(self, peer: Peer) -> Condition:
        return Condition(process=f"process of {peer.name}", ready=peer.name != "rs004")


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("no client asks here")


def test_a_node_tells_what_it_knows_once_and_answers_others_without_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.session_routing.middleware.PeerClient", Answering)
    peers = [Peer(f"rs{number:03}", "http://127.0.0.1:1") for number in range(2, 41)]

    async def scenario() -> tuple[Answer, Answer, Condition]:
        routing = SessionRouting(_app, node="rs001", peers=peers, secret=SECRET)
        await routing.members.condition("rs003")
        await routing.members.condition("rs004")
        with served(routing) as url:
            there, http = Peer("rs001", url), PeerHttp()
            asker = PeerClient(http, Signatures(SECRET, "rs002"))
            first = await asker.news(there, None)
            second = await asker.news(there, first.upto)
            plain = await asker.condition(there)
            stranger = PeerClient(http, Signatures(b"another secret here", "rs002"))
            with pytest.raises(PeerError):
                await stranger.news(there, None)
            await http.close()
        await routing.stop()
        return first, second, plain

    first, second, plain = asyncio.run(scenario())
    told = {name: content["ready"] for name, _, content, _ in first.news}
    assert told == {"rs003": True, "rs004": False}
    assert all(0 <= age < 60 for _, age, _, _ in first.news)
    assert second.news == [] and second.upto == first.upto
    assert first.condition == second.condition == plain
