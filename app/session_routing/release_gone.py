"""The answer to a page of a release that no node has any more."""

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

RELEASE_GONE = "release_gone"
"""In answers to a page that is to be loaded again; `reconnect.js` looks for it."""


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
