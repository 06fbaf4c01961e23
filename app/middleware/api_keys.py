"""API-key authentication."""

import base64
import binascii
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.keys import ApiKeys
from app.refusal import refusal

OPEN = frozenset({"/healthz", "/readyz", "/cluster/status", "/metrics"})
"""Paths that directors, operators and monitors ask for, without a key."""
_NODES = ("/_lending/", "/_session_routing/")
"""Paths of other nodes, which sign their requests."""
_PROGRAMS = ("/v1/", "/AIVoice/")
KEY_NAME = "cosyvoice.key_name"
"""Key in the ASGI scope: name of the request's API key."""


class APIKeyMiddleware:
    """Middleware that refuses requests without a good key with 401.

    Programs give it as ``Authorization: Bearer KEY``. Browsers ask their user and send it as the
    password of HTTP's basic authentication, with any name.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http" or scope["path"] in OPEN or scope["path"].startswith(_NODES):
            await self._app(scope, receive, send)
            return
        given = key_in(scope["headers"])
        name = self._keys.name_of(given) if given else None
        if name is None:
            await _refuse(given, scope, receive, send)
            return
        scope[KEY_NAME] = name
        await self._app(scope, receive, send)


async def _refuse(given: str, scope: Scope, receive: Receive, send: Send) -> None:
    said = (
        "the API key is not known" if given else "an API key is needed: Authorization: Bearer KEY"
    )
    zh = "API 密钥无效" if given else "需要 API 密钥（Authorization: Bearer KEY）"
    scheme = "Bearer" if scope["path"].startswith(_PROGRAMS) else "Basic"
    answer = refusal(401, "invalid_api_key", said, zh, kind="invalid_request_error")
    answer.headers["WWW-Authenticate"] = f'{scheme} realm="speech"'
    await answer(scope, receive, send)


def key_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key in a request's headers; empty when there is none."""
    value = dict(headers).get(b"authorization", b"").decode("latin-1")
    scheme, _, told = value.partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(told, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return ""
        return password
    return ""
