"""How nodes know each other: a header that only a holder of the cluster's secret can write.

HMAC-SHA-256 (RFC 2104) over the sender, the time, a number used once and the request's first line.
A pass is good for one request, within half a minute, at the node it was made for.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

HEADER = b"x-session-routing"
_LIFETIME = 30.0
"""Seconds a pass is good for, either way: clocks of a cluster agree that far."""
_REMEMBERED = 100_000


class Passes:
    """Writes and checks passes. `clock` gives seconds since the epoch."""

    def __init__(self, secret: bytes, node: str, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < 16:
            raise ValueError("the secret has fewer than 16 bytes; make one of 32 random bytes")
        self._secret = secret
        self._node = node
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def write(self, to: str, method: str, target: str, client: str = "") -> bytes:
        """A pass for one request to the node `to`; `client` is on whose behalf it is sent."""
        when = f"{self._clock():.3f}"
        fields = (self._node, to, when, secrets.token_hex(12), client)
        return " ".join((*fields[:4], self._mac(fields, method, target), client)).strip().encode()

    def read(self, header: bytes, method: str, target: str) -> tuple[str, str] | None:
        """Sender and client of a good pass made for this node and request, else None."""
        try:
            sender, to, when, nonce, mac, *rest = header.decode("ascii").split(" ")
            age = abs(self._clock() - float(when))
        except ValueError:
            return None
        client = rest[0] if rest else ""
        right = self._mac((sender, to, when, nonce, client), method, target)
        if not hmac.compare_digest(mac, right) or to != self._node or not age <= _LIFETIME:
            return None
        return (sender, client) if self._first_time(nonce) else None

    def _mac(self, fields: tuple[str, ...], method: str, target: str) -> str:
        message = "\n".join((*fields, method, target)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256").hex()

    def _first_time(self, nonce: str) -> bool:
        now = self._clock()
        while self._seen and next(iter(self._seen.values())) < now - 2 * _LIFETIME:
            self._seen.popitem(last=False)
        if nonce in self._seen or len(self._seen) >= _REMEMBERED:
            return False
        self._seen[nonce] = now
        return True
