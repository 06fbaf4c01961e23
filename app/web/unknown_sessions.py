"""Event streams of unknown sessions and events. Gradio 6.31 says so in the stream, and
then breaks it off with an exception; here it says the same, and the stream ends."""

import json
from collections.abc import Callable
from urllib.parse import unquote

import gradio as gr
from gradio.route_utils import API_PREFIX
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

_SESSION = "/queue/data"
_EVENTS = ("/call/{name}/{event}", "/call/v2/{name}/{event}")
_TOLD = "404: Not Found"
"""Gradio's words."""
_NO_SESSION = {
    "msg": "unexpected_error",
    "event_id": None,
    "message": _TOLD,
    "session_not_found": True,
    "success": False,
}


def routes(page: gr.Blocks) -> list[Route]:
    """Routes that match only what the page has no events for."""
    queue = page._queue

    def session(request: Request) -> bool:
        # Without a name it is not a request for a stream at all, and Gradio says what is missing.
        name = request.query_params.get("session_hash")
        return name is None or name in queue.pending_messages_per_session

    def event(request: Request) -> bool:
        name = unquote(request.path_params["event"])
        pending = queue.pending_event_ids_session.values()
        return (
            name in queue.event_ids_to_events
            or name in queue.pending_messages_per_session
            or any(name in events for events in pending)
        )

    return [
        _Unknown(_SESSION, session, b"data: " + json.dumps(_NO_SESSION).encode()),
        *(
            _Unknown(p, event, b"event: error\ndata: " + json.dumps(_TOLD).encode())
            for p in _EVENTS
        ),
    ]


class _Unknown(Route):
    def __init__(self, path: str, known: Callable[[Request], bool], told: bytes) -> None:
        async def stream(_request: Request) -> Response:
            return Response(told + b"\n\n", media_type="text/event-stream")

        super().__init__(API_PREFIX + path, stream, methods=["GET"], include_in_schema=False)
        self._known = known

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave sessions and events that there are to Gradio."""
        match, found = super().matches(scope)
        if match is not Match.FULL or self._known(Request({**scope, **found})):
            return Match.NONE, {}
        return match, found
