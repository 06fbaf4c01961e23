"""Refusal of jobs while the queue is full, in a short way: neither a task nor layers nor a line in
the log for each, which cost more than all the rest when hundreds come again every second.

It is for requests in which no layer before ``FullQueueMiddleware`` has a say; others go through
all of them.
"""

import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from .access.keys import ApiKeys
from .connections.early import HELD, EarlyAnswer
from .middleware.access_log import ID_HEADER, NODE_HEADER, AccessLogMiddleware, request_id_of
from .middleware.api_keys import KEY_NAME, APIKeyMiddleware, key_in
from .middleware.callers import CallersMiddleware
from .middleware.drain import DrainMiddleware
from .middleware.folded_log import FoldedLog
from .middleware.full_queue import FullQueueMiddleware
from .middleware.host_names import HostNamesMiddleware, OwnNames
from .middleware.job_start import SPEAKS
from .middleware.open_requests import OpenRequestsMiddleware
from .middleware.other_sites import OtherSitesMiddleware
from .middleware.security_headers import HEADERS, SecurityHeadersMiddleware
from .refusal import refusal
from .session_routing import SessionNames, SessionRouting
from .session_routing.peers.signatures import HEADER as _FROM_NODES
from .workers.pool.pool import Pool

_NOTHING: frozenset[bytes] = frozenset()
_ORIGIN = frozenset({b"origin"})
HEADERS_READ: Mapping[object, frozenset[bytes]] = {
    AccessLogMiddleware: _NOTHING,
    OpenRequestsMiddleware: _NOTHING,
    SecurityHeadersMiddleware: _NOTHING,
    HostNamesMiddleware: _NOTHING,
    CORSMiddleware: _ORIGIN,
    OtherSitesMiddleware: _ORIGIN | {b"sec-fetch-site"},
    APIKeyMiddleware: _NOTHING,
    # It notes who asks, and refuses nobody.
    CallersMiddleware: _NOTHING,
    SessionRouting: _ORIGIN | {b"sec-fetch-site", b"cookie", _FROM_NODES},
    SessionNames: _NOTHING,
    DrainMiddleware: _NOTHING,
}
"""Request headers by which a layer before ``FullQueueMiddleware`` may answer a request for a job
otherwise, but for what is done here as well: names, keys, ids, a node that stops."""
_LET_IN = "cosyvoice.let_in"
"""Key in the ASGI scope: id of a request for which a place is kept."""
_VARY = (b"vary", b"Origin")
"""Said of every answer to a request without an origin, since one with an origin may get another."""
_log = logging.getLogger("app.access")


class EarlyRefusal:
    """Early refusal of jobs for which ``pool`` has no place; see ``app.connections.early.Early``.
    ``layers`` are the classes of the application's, outermost first."""

    def __init__(
        self,
        node: str,
        pool: Pool,
        *,
        layers: Iterable[object],
        closed: Callable[[], bool],
        names: OwnNames,
        keys: ApiKeys | None,
        counted: Callable[[Scope, int], None],
    ) -> None:
        self._node = node.encode()
        self._pool = pool
        self._layers_read = headers_read(layers)
        self._closed = closed
        self._names = names
        self._keys = keys
        self._counted = counted
        self._lines = FoldedLog(_log, "request")

    def begins_job(self, scope: Scope) -> bool:
        """Tell whether a request asks for a job, and may be held back: a node's connections are all
        its clients'."""
        if scope["method"] != "POST" or scope["path"] not in SPEAKS:
            return False
        return not any(name == _FROM_NODES for name, _ in scope["headers"])

    def refuse(self, scope: Scope) -> EarlyAnswer | None:
        """Build the answer to a request for a job; None where the application gives it."""
        if not self._plain(scope):
            return None
        request_id = request_id_of(scope)
        error = self._pool.refusal(promised=len(self._pool.coming))
        if error is None:
            self._let_in(scope, request_id)
            return None
        fields, body = _rendered(
            error.status, error.code, error.en, error.zh, error.type, error.retry_after
        )
        self._note(scope, error.status, len(body), request_id)
        own = b"%b: %b\r\n%b: %b\r\n" % (ID_HEADER, request_id.encode(), NODE_HEADER, self._node)
        return EarlyAnswer(error.status, fields + own, body, error.retry_after or 0)

    def ended(self, scope: Scope) -> None:
        """Note that the application has answered."""
        self._pool.coming.came(scope.get(_LET_IN, ""))

    def close(self) -> None:
        """Log what is still to be told."""
        self._lines.tell()

    def _let_in(self, scope: Scope, request_id: str) -> None:
        self._pool.coming.expect(request_id)
        scope[_LET_IN] = request_id
        kept = [header for header in scope["headers"] if header[0] != ID_HEADER]
        scope["headers"] = [*kept, (ID_HEADER, request_id.encode())]

    def _plain(self, scope: Scope) -> bool:
        if self._closed() or scope["query_string"]:
            return False
        if any(name in self._layers_read for name, _ in scope["headers"]):
            return False
        return self._names.asked_by(scope) and self._knows(scope)

    def _knows(self, scope: Scope) -> bool:
        if self._keys is None:
            return True
        scope[KEY_NAME] = self._keys.name_of(key_in(scope["headers"]))
        return scope[KEY_NAME] is not None

    def _note(self, scope: Scope, status: int, size: int, request_id: str) -> None:
        self._counted(scope, status)
        client = scope.get("client")
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "complete": True,
            "client": client[0] if client else None,
        }
        if name := scope.get(KEY_NAME):
            fields["key"] = name
        self._lines.count(fields, {"bytes": size, "held": scope.get(HELD, 0)}, request_id)


def headers_read(layers: Iterable[object]) -> frozenset[bytes]:
    """Headers that the layers before ``FullQueueMiddleware`` read. Raises KeyError for a layer not
    known."""
    before = itertools.takewhile(lambda layer: layer is not FullQueueMiddleware, layers)
    return frozenset[bytes]().union(*(HEADERS_READ[layer] for layer in before))


@lru_cache(64)
def _rendered(
    status: int, code: str, en: str, zh: str, kind: str, retry_after: int | None
) -> tuple[bytes, bytes]:
    """Header fields and body; those who are refused in the same second are told the same."""
    answer = refusal(status, code, en, zh, kind=kind, retry_after=retry_after)
    fields = (*answer.raw_headers, *HEADERS, _VARY)
    return b"".join(b"%b: %b\r\n" % field for field in fields), bytes(answer.body)
