"""Signatures by which nodes know each other: a header that only a holder of the cluster's secret
can write.

HMAC-SHA-256 (RFC 2104) over the sender, the receiver, a time, a number used once and the request's
first line. The time is by the receiver's own clock, one that nobody can set and that begins with
its process: it shows it to whoever sends a signature that is not timely, and gets it back with what
has gone by since. So clocks of two nodes are never compared, and a signature is good for one
request, within half a minute, at one process of the node it was made for.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

HEADER = b"x-session-routing"
CLOCK = "x-session-routing-clock"
"""In an answer with ``UNTIMELY``: what the clock of the one that answers shows."""
UNTIMELY = 409
_LIFETIME = 30.0
"""Seconds a signature is good for."""
_REMEMBERED = 100_000
_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that a node of this cluster has made for this one and this request."""

    sender: str
    client: str
    """On whose behalf it is sent (``on_behalf_of``); may be empty."""
    header: bytes
    """As it was written."""
    timely: bool
    """True if it was written within half a minute, for this process, and was not used before. Of
    one that was not, no more is done than to show it this node's clock."""

    def restore(self, scope: Scope) -> None:
        """Make the request what it was where the client sent it."""
        address, _, scheme = self.client.partition("/")
        if address:
            scope["client"] = (address, 0)
        if scheme == "https":
            scope["scheme"] = scheme


def on_behalf_of(scope: Scope) -> str:
    """Text for a signature: the client's address, and that it speaks TLS where it does: headers
    could be written by anybody."""
    client = str(scope["client"][0]) if scope.get("client") else ""
    return f"{client}/https" if scope.get("scheme") == "https" else client


@dataclass(frozen=True, slots=True)
class _Clock:
    """Another node's clock, as it was seen."""

    process: str
    ahead: float
    """Seconds it shows more than this node's."""


class Signatures:
    """Writer and checker of signatures. ``clock`` gives seconds since any moment, and never
    jumps."""

    def __init__(
        self, secret: bytes, node: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if len(secret) < 16:
            raise ValueError("the secret has fewer than 16 bytes; make one of 32 random bytes")
        self._secret = secret
        self._node = node
        self._clock = clock
        self._process = secrets.token_hex(8)
        self._clocks: dict[str, _Clock] = {}
        self._seen: OrderedDict[str, float] = OrderedDict()

    def write(self, to: str, method: str, target: str, client: str = "") -> bytes:
        """A signature for one request to the node ``to``; ``client`` is on whose behalf it is
        sent."""
        theirs = self._clocks.get(to)
        when = _UNKNOWN if theirs is None else _told(theirs.process, self._clock() + theirs.ahead)
        fields = (self._node, to, when, secrets.token_hex(12), client)
        return " ".join((*fields[:4], self._mac(*fields, method, target), client)).strip().encode()

    def read(self, header: bytes, method: str, target: str) -> Signature | None:
        """A signature that was made for this node and request; None for one that was not, and for
        one that comes a second time."""
        try:
            sender, to, when, nonce, mac, *rest = header.decode("ascii").split(" ")
        except ValueError:
            return None
        client = rest[0] if rest else ""
        right = self._mac(sender, to, when, nonce, client, method, target)
        if not hmac.compare_digest(mac, right) or to != self._node:
            return None
        timely = self._timely(when)
        if timely and not self._first_time(nonce):
            return None
        return Signature(sender, client, header, timely)

    def shown(self, given: Signature) -> str:
        """Show this node's clock to the sender of a signature, and to nobody who repeats it."""
        told = _told(self._process, self._clock())
        return f"{told} {self._mac('clock', self._node, told, given.header.decode('ascii'))}"

    def learn(self, name: str, header: bytes, shown: str) -> bool:
        """Know the clock of a node from its answer to a signature; whether it was its answer."""
        told, _, mac = shown.partition(" ")
        right = self._mac("clock", name, told, header.decode("ascii"))
        if not mac.isascii() or not hmac.compare_digest(mac, right):
            return False
        process, _, reading = told.partition(":")
        self._clocks[name] = _Clock(process, float(reading) - self._clock())
        return True

    def _mac(self, *fields: str) -> str:
        message = "\n".join(fields).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256").hex()

    def _timely(self, when: str) -> bool:
        process, _, reading = when.partition(":")
        return process == self._process and abs(self._clock() - float(reading)) <= _LIFETIME

    def _first_time(self, nonce: str) -> bool:
        now = self._clock()
        while self._seen and next(iter(self._seen.values())) < now - 2 * _LIFETIME:
            self._seen.popitem(last=False)
        if nonce in self._seen or len(self._seen) >= _REMEMBERED:
            return False
        self._seen[nonce] = now
        return True


def _told(process: str, reading: float) -> str:
    return f"{process}:{reading:.3f}"
