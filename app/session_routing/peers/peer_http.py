"""HTTP to other nodes, by aiohttp: its request takes a fifth of the processor that httpx's takes,
which is most of what a forwarded request costs (`python -m benchmarks.forwarding`)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from io import BytesIO

from aiohttp import (
    AddrInfoType,
    ClientConnectorError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

_IDLE = 5.0
"""Seconds for which a connection without a request is kept: far fewer than at its other end."""
_UNTAKEN = 60_000
"""Milliseconds for which a peer may take nothing of what was sent to it (tcp(7), TCP_USER_TIMEOUT):
a body that is not taken has no other limit, and after a request was given up nothing else frees
its connection."""
_FAREWELL = 1.0
"""Seconds for which bodies on their way are waited for at the end."""
_HEAD = 1 << 20
"""Bytes of an answer's head: no fewer than any node sends."""
_LARGE = 1 << 16
"""Bytes of a body that is not written at once, while everything else waits."""
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add to a request that lacks them."""

Headers = Iterable[tuple[bytes, bytes]]
_Body = bytes | AsyncIterator[bytes] | None


class PeerHttp:
    """Connections to other nodes, which are kept from request to request."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: _Body,
        timeout: ClientTimeout,
    ) -> ClientResponse:
        """The beginning of an answer, its content as it was sent. Close it: before its end that
        closes the connection.

        Raises ``aiohttp.ClientError``. A request of a method that is idempotent (RFC 9110, section
        9.2.2) is sent once more where its connection ends without an answer; any other fails then,
        also where the peer has just closed a connection that was kept.
        """
        if self._session is None:
            self._session = _session()
        return await self._session.request(
            method,
            URL(url, encoded=True),
            headers=[(_text(name), _text(value)) for name, value in headers],
            data=_in_pieces(body),
            timeout=timeout,
            allow_redirects=False,
        )

    async def close(self) -> None:
        """Close all connections. Answers that are still read are to be cancelled before."""
        if self._session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._session.close()


def is_unreached(error: Exception) -> bool:
    """Tell whether a request that failed cannot have got to the other node."""
    return isinstance(error, ClientConnectorError | ConnectionTimeoutError)


def is_refused(error: Exception) -> bool:
    """Tell whether the other node took no connection, and said so."""
    return isinstance(error, ClientConnectorError)


def _session() -> ClientSession:
    # A proxy of the environment is not asked, as peers are named by address, and cookies are the
    # client's own.
    return ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=_IDLE, socket_factory=_socket),
        cookie_jar=DummyCookieJar(),
        skip_auto_headers=_NOT_ADDED,
        auto_decompress=False,
        max_line_size=_HEAD,
        max_field_size=_HEAD,
        max_headers=_HEAD,
    )


def _socket(found: AddrInfoType) -> socket.socket:
    family, kind, protocol, *_ = found
    made = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN)
    return made


def _in_pieces(body: _Body) -> _Body | BytesIO:
    return BytesIO(body) if isinstance(body, bytes) and len(body) > _LARGE else body


def _text(octets: bytes) -> str:
    """Text that aiohttp writes as these octets. It writes UTF-8 alone: others, which only old
    clients send (RFC 9110, section 5.5), are taken for Latin-1."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")
