"""``POST /v1/audio/speech``, in the shape of OpenAI's API.

One request, one connection, one sound: it needs no session, so it works under any scheduler.
"""

from typing import Any

from fastapi import APIRouter, Request, Response

from ..encoding.formats import FORMATS
from ..middleware.callers import caller_of
from ..speech import SpeechService
from ..streaming import LiveAnswer
from . import events
from .openapi import FAILURES, binary
from .speech_answer import SpeechAnswer, prepared
from .speech_body import SpeechBody

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound, or events that carry it",
        "content": binary(*(known.media_type for known in FORMATS.values()))
        | {events.MEDIA_TYPE: {"schema": events.SCHEMA}},
    },
}


def routes(service: SpeechService) -> APIRouter:
    """The speech route."""
    router = APIRouter(prefix="/v1", tags=["speech"], responses=FAILURES)

    @router.post(
        "/audio/speech", summary="Speak a text", response_class=Response, responses=_RESPONSES
    )
    async def speech(body: SpeechBody, request: Request) -> Response:
        caller = caller_of(request.scope)
        wanted = await prepared(body, service, caller)
        answer = SpeechAnswer(service, wanted, body, caller.owner)
        media_type = answer.format.media_type
        if body.stream_format == "audio" and body.stream is False:
            _, content = await answer.whole(request)
            return Response(content, media_type=media_type, headers=answer.headers)
        parts = await answer.parts(request)
        if body.stream_format == "sse":
            parts, media_type = events.events(parts, answer.done), events.MEDIA_TYPE
        return LiveAnswer(parts, media_type, answer.headers)

    return router
