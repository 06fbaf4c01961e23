"""Peers that cost next to nothing: a port each, all in this process.

They answer a node's questions for their condition, and ask it back as often: in a cluster of equal
nodes each is asked as much as it asks. Their signatures are real, so the node does all of its work.
"""

import asyncio
import json
from collections.abc import Callable

from app.session_routing.peers.client import PATH
from app.session_routing.peers.peer import Condition
from app.session_routing.peers.signatures import CLOCK, HEADER, UNTIMELY, Signatures

_QUESTION = PATH + "condition"


class CheapPeers:
    """So many peers of the node `node`."""

    def __init__(self, count: int, node: str, secret: bytes) -> None:
        self.count = count
        self.answered = 0
        """Questions of the node that were answered."""
        self.asked = 0
        """Questions that the node has answered."""
        self.node = node
        self.place = ("127.0.0.1", 0)
        """Address and port of the node, once it is known."""
        self._peers = [_Peer(f"peer{number:04}", self, secret) for number in range(count)]
        self._servers: list[asyncio.Server] = []

    async def listen(self) -> list[str]:
        """Listen; return lines of a peers file."""
        loop = asyncio.get_running_loop()
        lines = []
        for peer in self._peers:
            server = await loop.create_server(peer.connection, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            lines.append(f"{peer.name} http://127.0.0.1:{port}")
            self._servers.append(server)
        return lines

    def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.close()
        for peer in self._peers:
            peer.close()

    def news(self) -> list[object]:
        """All peers, as one of them tells of the others."""
        return [[peer.name, 0.0, peer.condition.as_json(), {}] for peer in self._peers]


class _Peer:
    def __init__(self, name: str, every: CheapPeers, secret: bytes) -> None:
        self.name = name
        self.every = every
        self.condition = Condition(process=name)
        self._signatures = Signatures(secret, name)
        self._given = b""
        self._asking = False
        self._upto: str | None = None
        self._asks: asyncio.Future[None] | None = None
        self._out: asyncio.Transport | None = None

    def connection(self) -> "_Http":
        return _Http(self._answer)

    def close(self) -> None:
        if self._out is not None:
            self._out.close()

    def _answer(self, transport: asyncio.Transport, head: str, body: bytes) -> None:
        question = json.loads(body or b"{}")
        said: dict[str, object] = {**self.condition.as_json()}
        if "since" in question:
            said |= {"news": [] if question["since"] else self.every.news(), "upto": "cheap:1"}
        content = json.dumps(said).encode()
        transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        self.every.answered += 1
        if not self._asking:
            self._asking = True
            self._asks = asyncio.ensure_future(self._ask(news="since" in question))

    async def _ask(self, *, news: bool) -> None:
        body = json.dumps({"since": self._upto} if news else {}).encode()
        try:
            if self._out is None or self._out.is_closing():
                loop = asyncio.get_running_loop()
                self._out, _ = await loop.create_connection(
                    lambda: _Http(self._told), *self.every.place
                )
            self._given = self._signatures.write(self.every.node, "POST", _QUESTION)
            self._out.write(
                b"POST %b HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n"
                b"%b: %b\r\nContent-Length: %d\r\n\r\n%b"
                % (_QUESTION.encode(), HEADER, self._given, len(body), body)
            )
        except OSError:
            self._asking = False

    def _told(self, _transport: asyncio.Transport, head: str, body: bytes) -> None:
        self._asking = False
        status, _, headers = head.partition("\r\n")
        if f" {UNTIMELY} " in status + " ":
            self._signatures.learn(self.every.node, self._given, _value(headers, CLOCK))
        elif " 200 " in status + " ":
            self.every.asked += 1
            self._upto = json.loads(body).get("upto", self._upto)


class _Http(asyncio.Protocol):
    """Messages of HTTP/1.1 with a length, either way."""

    def __init__(self, take: Callable[[asyncio.Transport, str, bytes], None]) -> None:
        self._take = take
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            text = head.decode("latin-1")
            length = int(_value(text.partition("\r\n")[2], "content-length") or 0)
            if len(rest) < length:
                return
            self._data = rest[length:]
            self._take(self._transport, text, rest[:length])


def _value(fields: str, name: str) -> str:
    for line in fields.split("\r\n"):
        found, _, value = line.partition(":")
        if found.lower() == name:
            return value.strip()
    return ""
