"""Questions between nodes: small JSON over HTTP, each with a signature."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientTimeout

from ..errors import SessionRoutingError
from .peer import Condition, Peer, condition_of
from .peer_http import PeerHttp, is_refused, is_unreached
from .signatures import CLOCK, HEADER, UNTIMELY, Signatures

PATH = "/_session_routing/"
"""Below it a node answers other nodes, and 404 to everybody else."""
_CONNECT = 1.0
_PATIENCE = 1.0
"""Seconds for what can be asked again, or continues without an answer."""
_KNOWN = 10.0
"""Seconds for who owns a key: a busy peer is waited for, as a wrong answer would end a session, and
so would a second decision about one that begins."""
_DECISION = 3.0
"""Seconds a decider takes beyond what it asks of others."""


class PeerError(SessionRoutingError):
    """A peer did not answer, or not as a peer of this cluster does. ``reached`` is whether the
    question may have got to it, and ``refused`` whether it took no connection."""

    def __init__(self, message: str, *, reached: bool = True, refused: bool = False) -> None:
        super().__init__(message)
        self.reached = reached
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's condition, and what it tells of others."""

    condition: Condition
    news: Any
    """As it came; see ``app.session_routing.peers.knowledge``."""
    upto: str | None
    """Place of the last news, to be asked from the next time; None where it tells none."""


class PeerClient:
    """Questions to peers."""

    def __init__(self, http: PeerHttp, signatures: Signatures) -> None:
        self._http = http
        self._signatures = signatures

    async def condition(self, peer: Peer) -> Condition:
        """Ask the peer for its condition. Raises ``PeerError``."""
        try:
            return condition_of(await self._ask(peer, "condition", {}))
        except ValueError as error:
            raise PeerError(f"{peer.name}: {error}") from error

    async def news(self, peer: Peer, since: str | None) -> Answer:
        """Ask the peer for its condition and for what is new of others after a place in its news.
        Raises ``PeerError``."""
        told = await self._ask(peer, "condition", {"since": since})
        try:
            said = condition_of(told)
        except ValueError as error:
            raise PeerError(f"{peer.name}: {error}") from error
        upto = told.get("upto")
        return Answer(said, told.get("news", []), upto if isinstance(upto, str) else None)

    async def locate(
        self, peer: Peer, key: str, release: str, *, begins: bool, gone: str | None
    ) -> str | None:
        """The owner of a key by a peer's decision; None when there is none. ``gone`` is a node that
        did not take a connection just now. Raises ``PeerError``."""
        asked = {"key": key, "release": release, "begins": begins, "gone": gone}
        return _owner(await self._ask(peer, "locate", asked, _KNOWN + _DECISION, _KNOWN))

    async def known(self, peer: Peer, key: str) -> str | None:
        """The owner of a key as far as the peer remembers. Raises ``PeerError``."""
        return _owner(await self._ask(peer, "known", {"key": key}, _KNOWN, _KNOWN))

    async def pin(self, peer: Peer, key: str, owner: str, *, late: bool = False) -> None:
        """Tell a peer who owns a key. ``late`` is for one that was too busy before: it is waited
        for, and what it has heard meanwhile goes before. Raises ``PeerError``."""
        told = {"key": key, "owner": owner, "late": late}
        patience, connect = (_KNOWN, _KNOWN) if late else (_PATIENCE, _CONNECT)
        await self._ask(peer, "pin", told, patience, connect)

    async def _ask(
        self,
        peer: Peer,
        what: str,
        content: dict[str, Any],
        patience: float = _PATIENCE,
        connect: float = _CONNECT,
    ) -> Any:
        timeout = ClientTimeout(total=None, connect=connect, sock_read=patience)
        try:
            status, said = await self._post(peer, PATH + what, content, timeout)
            if status == UNTIMELY:
                # Its clock is known now.
                status, said = await self._post(peer, PATH + what, content, timeout)
            if status != 200:
                raise PeerError(f"{peer.name}: HTTP {status}")
            return json.loads(said)
        except (ClientError, ValueError) as error:
            told = f"{peer.name}: {type(error).__name__}: {error}"
            refused, reached = is_refused(error), not is_unreached(error)
            raise PeerError(told, reached=reached, refused=refused) from error

    async def _post(
        self, peer: Peer, target: str, content: dict[str, Any], timeout: ClientTimeout
    ) -> tuple[int, bytes]:
        """The status and the content of an answer."""
        given = self._signatures.write(peer.name, "POST", target)
        headers = [(HEADER, given), (b"content-type", b"application/json")]
        body = json.dumps(content).encode()
        answer = await self._http.send("POST", peer.url + target, headers, body, timeout)
        try:
            if answer.status == UNTIMELY:
                self._signatures.learn(peer.name, given, answer.headers.get(CLOCK, ""))
            return answer.status, await answer.read()
        finally:
            answer.close()


def _owner(answer: Any) -> str | None:
    owner = answer.get("owner") if isinstance(answer, dict) else None
    return owner if isinstance(owner, str) else None
