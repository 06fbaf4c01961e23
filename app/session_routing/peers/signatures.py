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
from dataclasses import dataclass, field

from starlette.types import Scope

HEADER = b"x-session-routing"
CLOCK = "x-session-routing-clock"
"""In an answer with ``UNTIMELY``: what the clock of the one that answers shows."""
SECRETS = "x-session-routing-secrets"
"""In an answer with ``UNTIMELY``: how many secrets are good there, under that by which the one that
answers signs. Whoever exchanges the secret knows by it how far a node is."""
UNTIMELY = 409
_LIFETIME = 30.0
"""Seconds a signature is good for."""
_REMEMBERED = 100_000
_UNKNOWN = "-"

Secrets = Callable[[], tuple[bytes, ...]]
"""The secrets that are good now, the one to sign with first."""


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
    secret: bytes = field(default=b"", repr=False)
    """By which it was made."""

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
    jumps. ``secret`` may be one, or gives all that are good at that moment."""

    def __init__(
        self, secret: bytes | Secrets, node: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if isinstance(secret, bytes) and len(secret) < 16:
            raise ValueError("the secret has fewer than 16 bytes; make one of 32 random bytes")
        self._secrets = _always(secret) if isinstance(secret, bytes) else secret
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
        mac = _mac(self._secrets()[0], *fields, method, target)
        return " ".join((*fields[:4], mac, client)).strip().encode()

    def read(self, header: bytes, method: str, target: str) -> Signature | None:
        """A signature that was made for this node and request; None for one that was not, and for
        one that comes a second time."""
        try:
            sender, to, when, nonce, mac, *rest = header.decode("ascii").split(" ")
        except ValueError:
            return None
        client = rest[0] if rest else ""
        fields = (sender, to, when, nonce, client, method, target)
        secret = self._made_by(mac, *fields)
        if secret is None or to != self._node:
            return None
        timely = self._timely(when)
        if timely and not self._first_time(nonce):
            return None
        return Signature(sender, client, header, timely, secret)

    def shown(self, given: Signature) -> str:
        """Show this node's clock to the sender of a signature, and to nobody who repeats it: by
        the secret that the sender knows."""
        told = _told(self._process, self._clock())
        mac = _mac(given.secret, "clock", self._node, told, given.header.decode("ascii"))
        return f"{told} {mac}"

    def known(self, given: Signature) -> str:
        """Prove to the sender of a signature by which secret this node signs, and how many are
        good."""
        good = self._secrets()
        mac = _mac(good[0], "secrets", self._node, str(len(good)), given.header.decode("ascii"))
        return f"{len(good)} {mac}"

    def learn(self, name: str, header: bytes, shown: str) -> bool:
        """Know the clock of a node from its answer to a signature; whether it was its answer."""
        told, _, mac = shown.partition(" ")
        if not mac.isascii():
            return False
        if self._made_by(mac, "clock", name, told, header.decode("ascii")) is None:
            return False
        process, _, reading = told.partition(":")
        self._clocks[name] = _Clock(process, float(reading) - self._clock())
        return True

    def _made_by(self, mac: str, *fields: str) -> bytes | None:
        """The secret by which the fields have this HMAC; None where it is none of the good."""
        good = self._secrets()
        return next((one for one in good if hmac.compare_digest(mac, _mac(one, *fields))), None)

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


def _mac(secret: bytes, *fields: str) -> str:
    message = "\n".join(fields).encode("utf-8", "surrogatepass")
    return hmac.digest(secret, message, "sha256").hex()


def _always(secret: bytes) -> Secrets:
    return lambda: (secret,)
