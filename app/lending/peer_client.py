"""Requests to peers: small questions, and jobs with their sound."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientTimeout

from ..errors import SpeechError
from ..session_routing.peers.peer import Peer
from ..session_routing.peers.peer_http import PeerHttp
from ..session_routing.peers.signatures import CLOCK, UNTIMELY, Signatures
from ..workers.frames import Frame, FrameError, taken_from
from ..workers.job import Job
from ..workers.remote import LostError, NotTakenError
from ..workers.report import JobReport
from ..workers.word_frames import words_of
from . import credentials, message
from .ledger import Ending, Ledger
from .message import Kind
from .peer_interface import PeerSilentError

_QUESTION = ClientTimeout(total=None, connect=1.0, sock_read=1.0)
# A node in the next rack takes a connection at once or not at all; while a job runs there it says
# every second that it is alive.
_JOB = ClientTimeout(total=None, connect=1.0, sock_read=10.0)
_TAKEN = 30.0
"""Seconds in which a job is on the other node, with its recordings, and begins there."""
_GRACE = 2.0
"""Seconds past the deadline in which the other node tells of it itself."""


class HttpPeerClient:
    """Peers of one cluster."""

    def __init__(self, signatures: Signatures, kind: Kind, ledger: Ledger) -> None:
        self.http = PeerHttp()
        self.signatures = signatures
        self.kind = kind
        self.ledger = ledger
        self.refused: Callable[[str], None] = lambda name: None
        """Called with a peer's name when it has not taken a job."""
        self.ended: Callable[[str], None] = lambda name: None
        """Called with a peer's name when a job there is over."""

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def waiting(self, peer: Peer, age: float | None) -> int:
        """Tell the peer that a job waits; see ``app.lending.peer_interface.PeerClient``."""
        said = await self._ask(peer, "waiting", {"age": age})
        if not isinstance(idle := said.get("idle"), int):
            raise PeerSilentError(f"{peer.name} says {said!r}")
        return idle

    async def offer(self, peer: Peer, next_best: float | None) -> tuple[bool, float | None]:
        """Offer the peer a slot; see ``app.lending.peer_interface.PeerClient``."""
        said = await self._ask(peer, "offer", {"next_best": next_best})
        age = said.get("age")
        if not isinstance(age, int | float | None):
            raise PeerSilentError(f"{peer.name} says {said!r}")
        return bool(said.get("comes")), age

    async def spare(self, peer: Peer) -> int:
        """The spare slots of the peer; see ``app.lending.peer_interface.PeerClient``."""
        said = await self._ask(peer, "spare", {})
        if not isinstance(spare := said.get("spare"), int):
            raise PeerSilentError(f"{peer.name} says {said!r}")
        return spare

    def loan(self, peer: Peer) -> "Loan":
        """Make a slot of the peer; see ``app.lending.peer_interface.PeerClient``."""
        return Loan(self, peer)

    async def send(
        self, peer: Peer, what: str, body: bytes, timeout: ClientTimeout
    ) -> ClientResponse:
        """The answer to a request that the peer knows to be of this cluster, and this body; it is
        to be closed. Raises ``aiohttp.ClientError``."""
        answer, learned = await self._sent(peer, what, body, timeout)
        if learned:
            answer.close()
            answer, _ = await self._sent(peer, what, body, timeout)
        return answer

    async def _sent(
        self, peer: Peer, what: str, body: bytes, timeout: ClientTimeout
    ) -> tuple[ClientResponse, bool]:
        """An answer, and whether it was that the pass was not timely: now its clock is known."""
        given = credentials.written(self.signatures, peer.name, what, body)
        headers = [(credentials.HEADER.encode(), given)]
        url = peer.url + credentials.PATH + what
        answer = await self.http.send("POST", url, headers, body, timeout)
        shown = answer.headers.get(CLOCK) if answer.status == UNTIMELY else None
        return answer, shown is not None and self.signatures.learn(peer.name, given, shown)

    async def _ask(self, peer: Peer, what: str, content: dict[str, Any]) -> dict[str, Any]:
        told = {**content, "release": self.kind.release, "engine": self.kind.engine}
        try:
            answer = await self.send(peer, what, json.dumps(told).encode(), _QUESTION)
            with contextlib.closing(answer):
                answer.raise_for_status()
                found = json.loads(await answer.read())
        except (ClientError, ValueError) as error:
            raise PeerSilentError(f"{peer.name}: {type(error).__name__}: {error}") from error
        return found if isinstance(found, dict) else {}


class Loan:
    """An ``app.workers.remote.RemoteSlot`` over HTTP."""

    def __init__(self, client: HttpPeerClient, peer: Peer) -> None:
        self.node = peer.name
        self._client = client
        self._peer = peer

    @contextlib.asynccontextmanager
    async def begun(
        self, job: Job, limit: float, report: JobReport
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send the job; see ``app.workers.remote.RemoteSlot``."""
        answer = await self._sent(job, limit)
        ending = Ending.CANCELLED
        try:
            yield self._speech(answer, time.monotonic() + limit + _GRACE, report)
            ending = Ending.DONE
        except LostError:
            ending = Ending.LOST
            raise
        except (SpeechError, TimeoutError):
            ending = Ending.FAILED
            raise
        finally:
            self._client.ledger.lent[ending] += 1
            # Before its end this closes the connection, which stops the work there.
            answer.close()
            self._client.ended(self.node)

    async def _sent(self, job: Job, limit: float) -> ClientResponse:
        try:
            body = await asyncio.to_thread(message.written, job, self._client.kind, limit)
            async with asyncio.timeout(_TAKEN):
                answer = await self._client.send(self._peer, "job", body, _JOB)
        except (ClientError, OSError) as error:
            raise self._not_taken(str(error) or type(error).__name__) from error
        if answer.status != 200:
            answer.close()
            raise self._not_taken(f"HTTP {answer.status}")
        return answer

    def _not_taken(self, why: str) -> NotTakenError:
        self._client.ledger.lent[Ending.NOT_TAKEN] += 1
        self._client.refused(self.node)
        return NotTakenError(why)

    async def _speech(
        self, answer: ClientResponse, end: float, report: JobReport
    ) -> AsyncIterator[bytes]:
        received = bytearray()
        try:
            async for part in answer.content.iter_any():
                received += part
                for frame in taken_from(received):
                    if frame.kind == "audio":
                        yield frame.payload
                    elif frame.kind == "words":
                        report.words += words_of(frame)
                    elif frame.kind != "alive":
                        _check(frame)
                        return
                if time.monotonic() > end:
                    raise TimeoutError
        except (ClientError, FrameError) as error:
            raise LostError(str(error) or type(error).__name__) from error
        raise LostError("the connection ended before the sound did")


def _check(frame: Frame) -> None:
    """Raise what an ending means."""
    if frame.kind == "failed":
        raise message.error_of(frame)
    if frame.kind != "done":
        raise LostError(str(frame.fields.get("message", frame.kind)))
