"""``POST /v1/audio/speech``, in the shape of OpenAI's API.

One request, one connection, one sound: it needs no session, so it works under any scheduler.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from ..checks.numbers import nearest_speed, speed_streams
from ..disconnect import unless_disconnected
from ..encoding.formats import FORMATS, encoded_apart
from ..engines.interface import SynthesisRequest
from ..errors import InvalidInputError
from ..logs import REQUEST_ID
from ..sound.pcm import SAMPLE_BYTES
from ..speech import Speech, SpeechService
from ..speech_request import SpeechRequest
from ..streaming import LiveAnswer
from ..text import clean
from ..workers.report import JobReport
from . import events
from .begun import begun
from .inline_clip import inline_clip
from .models import ALIASES
from .openapi import FAILURES, binary
from .speech_body import SpeechBody

_NAMES_TOLD = 8
"""Ignored fields that an answer names."""
_NAME_LENGTH = 40
"""Characters of each."""
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
        check_model(body.model, service.engine.name)
        with (
            inline_clip(body.reference, "reference") as reference,
            inline_clip(body.source, "source") as source,
        ):
            wanted = await service.prepare(
                SpeechRequest(
                    text=body.input,
                    normalize=body.normalize,
                    mode=body.mode,
                    voice=body.voice_id,
                    reference=reference,
                    transcript=body.reference_text,
                    source=source,
                    instruction=body.instructions or "",
                    speed=nearest_speed(body.speed),
                    seed=body.seed,
                    stream=_streams(body, service),
                    timeout=body.timeout,
                )
            )
        answer = _Answer(service, wanted, body, REQUEST_ID.get())
        if body.stream is False and body.stream_format == "audio":
            return await answer.whole(request)
        return await answer.live(request)

    return router


class _Answer:
    """The answer to one request."""

    def __init__(
        self, service: SpeechService, wanted: SynthesisRequest, body: SpeechBody, request_id: str
    ) -> None:
        self._service = service
        self._wanted = wanted
        self._body = body
        self._request_id = request_id
        self._format = FORMATS[body.response_format]
        self._rate = service.engine.sample_rate
        self._headers = {
            "X-Seed": str(wanted.seed),
            # A header is ASCII, and a model's own speakers have names like 中文女.
            "X-Voice": quote(wanted.voice_id),
            "X-Speed": f"{wanted.speed:g}",
            "X-Sample-Rate": str(self._format.rate_of(self._rate)),
        }
        if body.normalize and wanted.text and wanted.text != clean(body.input):
            self._headers["X-Normalized"] = "true"
        if body.ignored:
            self._headers["X-Ignored-Fields"] = _names(body.ignored)
        self._report = JobReport(request_id)
        self._done: dict[str, object] = {}
        self._began = time.monotonic()

    async def whole(self, request: Request) -> Response:
        """The finished file."""
        making = self._service.speak(self._wanted, self._request_id, timeout=self._body.timeout)
        spoken = await unless_disconnected(request.receive, making)
        content = await encoded_apart(self._format.name, spoken.pcm, self._rate)
        headers = {**self._headers, "X-Audio-Seconds": f"{spoken.duration:.3f}"}
        if spoken.made_by:
            headers["X-Made-By"] = spoken.made_by
        if self._body.save:
            headers["X-Output"] = await self._saved(spoken, content)
        return Response(content, media_type=self._format.media_type, headers=headers)

    async def live(self, request: Request) -> Response:
        """The file, or events, from the first sound on. What fails before it has a status."""
        making = self._service.stream(
            self._wanted, self._request_id, timeout=self._body.timeout, report=self._report
        )
        sound = await begun(request, making)
        if self._report.lent_to:
            self._headers["X-Made-By"] = self._report.lent_to
        parts = self._parts(sound)
        if self._body.stream_format == "sse":
            return LiveAnswer(events.events(parts, self._done), events.MEDIA_TYPE, self._headers)
        return LiveAnswer(parts, self._format.media_type, self._headers)

    async def _parts(self, sound: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        encoder = self._format.encoder(self._rate)
        pcm, length = bytearray(), 0
        async with aclosing(sound) as made:
            async for piece in made:
                length += len(piece)
                if self._body.save:
                    pcm += piece
                # It takes the processor for milliseconds: not in the event loop.
                if part := await asyncio.to_thread(encoder.feed, piece):
                    yield part
        duration = length / SAMPLE_BYTES / self._rate
        self._done |= _summary(self._wanted, duration)
        if self._body.save:
            # Before the end: who gets a whole file finds it in the history, too.
            taken = time.monotonic() - self._began
            spoken = Speech(self._wanted, bytes(pcm), self._rate, taken, self._report.lent_to)
            content = await encoded_apart(self._format.name, spoken.pcm, self._rate)
            self._done["output"] = await self._saved(spoken, content)
        if part := await asyncio.to_thread(encoder.finish):
            yield part

    async def _saved(self, spoken: Speech, content: bytes) -> str:
        output = await self._service.keep(
            spoken, self._request_id, audio=content, file_format=self._format.name
        )
        return f"/outputs/{output.file_name}"


def check_model(model: str, engine: str) -> None:
    """Check that the node serves this model."""
    if model != engine and model not in ALIASES:
        known = ", ".join([engine, *sorted(ALIASES)])
        raise InvalidInputError(
            "model_not_found",
            f"there is no model {model!r}; models: {known}",
            f"没有模型“{model}”，可用的模型：{known}",
            field="model",
        )


def _streams(body: SpeechBody, service: SpeechService) -> bool:
    if body.stream is None:
        return body.speed == 1 or speed_streams(service.engine)
    return body.stream


def _names(fields: list[str]) -> str:
    """Names that came from outside, for a header: a few, and in ASCII."""
    told = ", ".join(quote(field[:_NAME_LENGTH]) for field in fields[:_NAMES_TOLD])
    return told if len(fields) <= _NAMES_TOLD else f"{told}, ..."


def _summary(wanted: SynthesisRequest, duration: float) -> dict[str, object]:
    # OpenAI counts tokens. Ours are the text's characters; sound has none.
    characters = len(wanted.text)
    usage = {"input_tokens": characters, "output_tokens": 0, "total_tokens": characters}
    return {"usage": usage, "seed": wanted.seed, "audio_seconds": round(duration, 3)}
