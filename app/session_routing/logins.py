"""Logins of Gradio. Gradio's ``auth`` keeps the tokens it gives in the memory of one process, so
all that comes with such a token goes to the node that gave it.

Checked against Gradio 6.31, ``gradio/routes.py``: two cookies, named after the process, hold a
token.
"""

import hashlib
import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.session_routing.buffering import HeldAnswer
from app.session_routing.owners import Owners

_TOKEN = re.compile(rb"(?:^|;)\s*access-token-[^=;\s]{1,200}=([\w-]{1,200})")
_MOST = 8
"""Tokens of one request that are looked up; a browser keeps those of processes that are gone."""


def keys(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """The keys of the tokens in the headers of that name, ``cookie`` or ``set-cookie``. A key is
    made of a token's hash: the token itself stays between the client and its node."""
    tokens = [token for key, value in headers if key == name for token in _TOKEN.findall(value)]
    found = [f"login {hashlib.sha256(token).hexdigest()}" for token in dict.fromkeys(tokens)]
    return found[:_MOST]


class LoginMiddleware:
    """Middleware that tells all nodes of a login before the client has its token."""

    def __init__(self, app: ASGIApp, owners: Owners) -> None:
        self._app = app
        self._owners = owners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        is_login = scope["type"] == "http" and scope["path"].rstrip("/").endswith("/login")
        if not is_login or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        held = HeldAnswer(send)
        await self._app(scope, receive, held)
        for key in keys(held.headers, b"set-cookie"):
            await self._owners.tell(key, self._owners.members.node)
        await held.release()
