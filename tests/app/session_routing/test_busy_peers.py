"""A machine so busy that it takes no connection for a second is waited for where it may be the one
that knows, and is told later what it could not be told."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.session_routing.middleware import SessionRouting
from app.session_routing.owners import Owners
from app.session_routing.peers.client import PeerClient
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer
from app.session_routing.peers.peer_http import PeerHttp
from app.session_routing.peers.signatures import Signatures
from app.session_routing.session_table import SessionTable
from app.session_routing.two_choices import ranked

_SECRET = b"a secret for tests"
_BUSY_FOR = 1.5
"""Seconds; a connection is waited for one second otherwise."""


class _Remembers(BaseHTTPRequestHandler):
    """A peer that knows what it has been told."""

    known: dict[str, str]

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/pin"):
            self.known[question["key"]] = question["owner"]
        self._answer(json.dumps({"owner": self.known.get(question.get("key"))}).encode())

    def do_GET(self) -> None:
        self._answer(b"from rs2")

    def _answer(self, answer: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


class FakeBusyPeer:
    """Its queue of connections is full until `free` is called."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        handler = type("Handler", (_Remembers,), {"known": known})
        self._server = HTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False)
        self._server.server_bind()
        self._server.socket.listen(0)
        self.peer = Peer("rs2", f"http://127.0.0.1:{self._server.server_port}")
        self._before = []
        with contextlib.suppress(TimeoutError):
            while True:
                place = ("127.0.0.1", self._server.server_port)
                self._before.append(socket.create_connection(place, timeout=0.2))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def free(self) -> None:
        for connection in self._before:
            connection.close()
        self._server.socket.listen(16)
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class RecordingPeerClient(PeerClient):
    """Peers have answered lately, whatever they do now."""

    async def condition(self, peer: Peer) -> Condition:
        return Condition(process="p")


@contextlib.asynccontextmanager
async def owners_of_rs1(*peers: Peer) -> AsyncIterator[Owners]:
    """Knowledge of the node `rs1`, once it has heard of its peers."""
    http = PeerHttp()
    peer_client = RecordingPeerClient(http, Signatures(_SECRET, "rs1"))
    members = Members("rs1", peers, peer_client, Condition)
    for peer in peers:
        await members.condition(peer.name)
    yield Owners(members, SessionTable(), peer_client)
    await http.close()


@pytest.fixture
def busy() -> Iterator[FakeBusyPeer]:
    peer = FakeBusyPeer({"session a": "rs3"})
    yield peer
    peer.close()


def test_what_a_busy_peer_knows_is_waited_for(busy: FakeBusyPeer) -> None:
    async def scenario() -> str | None:
        http = PeerHttp()
        peer_client = PeerClient(http, Signatures(_SECRET, "rs1"))
        asyncio.get_running_loop().call_later(_BUSY_FOR, busy.free)
        try:
            return await peer_client.known(busy.peer, "session a")
        finally:
            await http.close()

    assert asyncio.run(scenario()) == "rs3"


def test_a_session_that_begins_waits_for_its_busy_decider(busy: FakeBusyPeer) -> None:
    """Another decider would choose again, and perhaps another owner."""

    async def scenario() -> str | None:
        async with owners_of_rs1(busy.peer) as owners:
            decided = (f"session {n}" for n in range(100))
            key = next(key for key in decided if ranked(key, owners.members.live)[0] == "rs2")
            busy.known[key] = "rs2"
            asyncio.get_running_loop().call_later(_BUSY_FOR, busy.free)
            return await owners.find(key, "", begins=True)

    assert asyncio.run(scenario()) == "rs2"


def test_what_comes_late_does_not_change_what_was_heard_meanwhile() -> None:
    async def scenario() -> list[str | None]:
        peers = [Peer(name, "http://127.0.0.1:1") for name in ("rs2", "rs3")]
        async with owners_of_rs1(*peers) as owners:
            owners.heard("session moved", "rs2", late=False)
            assert not owners.heard("session moved", "rs3", late=True)
            assert owners.heard("session new", "rs3", late=True)
            owners.heard("session new", "rs2", late=False)
            owners.members.lost("rs2")
            owners.heard("session moved", "rs3", late=True)
            return [owners.table.get("session moved"), owners.table.get("session new")]

    assert asyncio.run(scenario()) == ["rs3", "rs2"]


def test_a_busy_peer_is_told_later_and_nobody_waits_for_that(busy: FakeBusyPeer) -> None:
    async def scenario() -> None:
        async with owners_of_rs1(busy.peer) as owners:
            # It takes no connection yet, and one is waited for for up to ten seconds.
            async with asyncio.timeout(8):
                await owners.tell("session new", "rs1")
            assert "session new" not in busy.known
            busy.free()
            end = time.monotonic() + 30
            while "session new" not in busy.known and time.monotonic() < end:
                await asyncio.sleep(0.05)

    asyncio.run(scenario())
    assert busy.known["session new"] == "rs1"


def test_a_session_waits_for_its_busy_owner(
    busy: FakeBusyPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("from rs1")(scope, receive, send)

    async def scenario() -> str:
        monkeypatch.setattr("app.session_routing.middleware.PeerClient", RecordingPeerClient)
        routing = SessionRouting(here, node="rs1", peers=[busy.peer], secret=_SECRET)
        await routing.members.condition("rs2")
        routing.owners.table.set("session a", "rs2")
        asyncio.get_running_loop().call_later(3 * _BUSY_FOR, busy.free)
        through = httpx.ASGITransport(routing)
        async with httpx.AsyncClient(transport=through, base_url="http://vip") as client:
            answer = await client.get("/gradio_api/queue/data", params={"session_hash": "a"})
        await routing.stop()
        return answer.text

    assert asyncio.run(scenario()) == "from rs2"
