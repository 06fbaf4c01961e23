"""Give every request an id, say which node answered, and log the answer."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..connections.early import HELD
from ..logs import REQUEST_ID
from .api_keys import KEY_NAME
from .trace_id import trace_id

_log = logging.getLogger("app.access")
_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
ID_HEADER = b"x-request-id"
NODE_HEADER = b"x-node"
# Asked every few seconds by directors and monitors: logged only when something is wrong.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics", "/_lending/waiting", "/_lending/offer"})
_NODES = "/_session_routing/"
"""Requests between nodes, several times a second."""
ARRIVED = "cosyvoice.arrived"
"""Key in the ASGI scope: time of the request's arrival (``time.monotonic``)."""


def new_request_id() -> str:
    """An id for a request that brought none."""
    return secrets.token_hex(8)


Ended = Callable[[Scope, int, float], None]
"""Told of each request that ended: its status, 0 where no answer began, and seconds."""


class AccessLogMiddleware:
    """Outermost layer."""

    def __init__(self, app: ASGIApp, node: str, ended: Ended) -> None:
        self._app = app
        self._node = node.encode()
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        # In the request itself too: the page's events see only headers.
        kept = [header for header in scope["headers"] if header[0] != ID_HEADER]
        scope["headers"] = [*kept, (ID_HEADER, request_id.encode())]
        token = REQUEST_ID.set(request_id)
        began, status, sent, complete = time.monotonic(), 0, 0, False
        scope[ARRIVED] = began

        async def answer(message: Message) -> None:
            nonlocal status, sent, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                own = [(ID_HEADER, request_id.encode()), (NODE_HEADER, self._node)]
                # An answer that another node gave says so itself.
                there = {name.lower() for name, _ in headers}
                headers += [pair for pair in own if pair[0] not in there]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                complete = not message.get("more_body", False)
            await send(message)

        failed = False
        try:
            await self._app(scope, receive, answer)
        except Exception:
            failed = True
            raise
        finally:
            # The answer to what nobody caught is given outside of all layers.
            seconds = time.monotonic() - began
            self._ended(scope, status or (500 if failed else 0), seconds)
            level = logging.INFO
            quiet = scope["path"] in _PROBES or scope["path"].startswith(_NODES)
            if quiet and status == 200:
                level = logging.DEBUG
            client = scope.get("client")
            fields = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "bytes": sent,
                "complete": complete,
                "seconds": round(seconds, 4),
                "client": client[0] if client else None,
            }
            if name := scope.get(KEY_NAME):
                fields["key"] = name
            if trace := trace_id(scope["headers"]):
                fields["trace_id"] = trace
            if held := scope.get(HELD):
                fields["held"] = held
            _log.log(level, "request", extra=fields)
            REQUEST_ID.reset(token)


def request_id_of(scope: Scope) -> str:
    """The id that a request brought, or a new one."""
    value = dict(scope["headers"]).get(ID_HEADER, b"")
    return value.decode() if _ID.fullmatch(value) else new_request_id()
