"""Length limit of names that clients make up.

What clients call their sessions, events and uploads is kept for hours, here and in Gradio, and
nothing else would bound it but the greatest length of a body.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.refusal import refusal
from app.session_routing.buffering import again, read
from app.session_routing.needs import Kind, need, session_in_body

LONGEST = 128
"""Characters; Gradio's own names have 32 at most."""
_OWN = frozenset({Kind.SESSION, Kind.EVENT, Kind.UPLOAD, Kind.CALL, Kind.MCP})
"""Kinds whose key a client may make up. A file's is its path, and is not kept."""


class SessionNames:
    """Middleware that refuses names of more than ``LONGEST`` characters with 400, and with 413 a
    body over ``body_limit`` bytes that would have to be read for its session."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        wanted = None
        if scope["type"] == "http":
            wanted = need(scope["method"], scope["path"], scope["query_string"])
        if wanted is None or wanted.kind not in _OWN:
            await self._app(scope, receive, send)
            return
        names = [wanted.key, wanted.event]
        if wanted.kind is Kind.CALL or (wanted.kind is Kind.SESSION and wanted.key is None):
            body, complete = await read(receive, self._body_limit)
            if not complete:
                await PlainTextResponse("the request is too large", 413)(scope, receive, send)
                return
            names.append(session_in_body(body, _content_type(scope)))
            receive = again(body, receive)
        if any(len(name) > LONGEST for name in names if name):
            await _refuse(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    en = f"the name of a session, an event or an upload is longer than {LONGEST} characters"
    zh = f"会话、事件或上传的名称超过 {LONGEST} 个字符"
    answer = refusal(400, "name_too_long", en, zh, kind="invalid_request_error")
    await answer(scope, receive, send)


def _content_type(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(b"content-type", b"").decode("latin-1")
