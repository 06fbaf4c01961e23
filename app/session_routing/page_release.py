"""A page's release in the path of its requests: ``/r/RELEASE/gradio_api/queue/join``.

Gradio's page begins every request with the root its configuration names (``gradio/route_utils.py``,
``get_root_url``), and that is ASGI's root path. A page that is served below ``/r/RELEASE`` so names
its release wherever its requests land, and programs that know nothing of it work without.
"""

import re
from urllib.parse import quote, unquote

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

RELEASE_GONE = "release_gone"
"""In answers to a page that is to be loaded again; ``reconnect.js`` looks for it."""
_NAMED = re.compile(rb"/r/(?P<release>[^/]+)(?P<rest>/.*)")
_CUT = "session_routing.release_path"
"""In a scope: what was taken from the front of its path."""


def take_release(scope: Scope) -> str | None:
    """The release a request's path names, which the application then sees as its root path."""
    found = _NAMED.fullmatch(_raw(scope))
    # Routers take a root path off the path's front: once more would hide it from what is between.
    if found is None or unquote(found["rest"].decode("latin-1")).startswith("/r/"):
        return None
    release = unquote(found["release"].decode("latin-1"))
    scope[_CUT] = b"/r/" + found["release"]
    scope["raw_path"] = found["rest"]
    scope["path"] = unquote(found["rest"].decode("latin-1"))
    add_root(scope, release)
    return release


def add_root(scope: Scope, release: str) -> None:
    """Make Gradio's answer name the release in what the client is to ask next."""
    scope["root_path"] = f"/r/{quote(release, safe='')}" + scope.get("root_path", "")


def target_of(scope: Scope) -> bytes:
    """Path and query as the client wrote them."""
    path: bytes = scope.get(_CUT, b"") + _raw(scope)
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _raw(scope: Scope) -> bytes:
    # ASGI leaves a server the choice whether it tells the path as it was written.
    return scope.get("raw_path") or quote(scope["path"]).encode()


async def release_gone(scope: Scope, receive: Receive, send: Send) -> None:
    """Have the page load itself anew: no node of its release is left that could answer it."""
    told = {
        "code": RELEASE_GONE,
        # At this word of Gradio's own the page loads itself anew: `client/js`, `submit.ts`.
        "error": "Connection errored out. ",
        "detail": "no node of this page's release is left; load the page again",
    }
    # The next connection may reach a node that is not about to go.
    await JSONResponse(told, 410, {"Connection": "close"})(scope, receive, send)
