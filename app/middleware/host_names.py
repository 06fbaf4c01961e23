"""Host-name check: where names are configured, others are refused.

A page of another site whose name is made to lead here (DNS rebinding) is of the same origin as
this one for its visitor's browser; only the name tells it apart. Addresses and localhost cannot be
rebound. Starlette's own TrustedHostMiddleware takes names alone: health checks, peers and people
ask by address.
"""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from app.refusal import refusal


class OwnNames:
    """The names and addresses that are answered to. A name that begins with ``*.`` stands for all
    below it; without any name, all are."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(name.lower() for name in names if not name.startswith("*."))
        self._below = tuple(name[1:].lower() for name in names if name.startswith("*."))

    def asked_by(self, scope: Scope) -> bool:
        """Tell whether a request asks by one of them."""
        if not (self._names or self._below):
            return True
        host = host_of(scope)
        if host in self._names or host in ("", "localhost"):
            return True
        return host.endswith(self._below) or _is_address(host)


class HostNamesMiddleware:
    """Middleware that refuses requests by other names with 421 (RFC 9110, section 15.5.20); see
    ``OwnNames``."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._own = OwnNames(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http" or self._own.asked_by(scope):
            await self._app(scope, receive, send)
            return
        en = "this service has another name; open it by that, or by its address"
        zh = "本服务不使用该域名，请用它自己的域名或地址访问"
        answer = refusal(421, "other_name", en, zh, kind="invalid_request_error")
        await answer(scope, receive, send)


def host_of(scope: Scope) -> str:
    """The name or address a request asks by, in small letters, without port and brackets."""
    headers = dict(scope["headers"])
    host: str = headers.get(b"host", b"").decode("latin-1").lower().strip()
    if host.startswith("["):
        inner = host[1:].partition("]")[0]
        return inner if _is_address(inner) else host
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
