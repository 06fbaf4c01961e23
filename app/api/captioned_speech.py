"""``POST /dev/captioned_speech``: speech, and when each of its words is said.

OpenAI's API has no such route; this is Kokoro-FastAPI's, whose clients are the ones there are. Its
request is that of ``/v1/audio/speech``, its answer JSON with the sound in base64.
"""

import base64
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from ..captions.subtitles import srt, vtt
from ..middleware.callers import caller_of
from ..middleware.job_start import CAPTIONED
from ..sound.timed import Word
from ..speech import SpeechService
from ..streaming import LiveAnswer
from .openapi import FAILURES
from .speech_answer import SpeechAnswer, prepared
from .speech_body import CaptionedBody

_LINES = "application/x-ndjson"
_FORMATS: dict[str, Callable[[Sequence[Word], int], str]] = {"srt": srt, "vtt": vtt}


class WordTime(BaseModel):
    """A word in time."""

    word: str = Field(description="with the punctuation beside it; a Chinese character is one")
    start_time: float = Field(description="seconds from the beginning of the sound")
    end_time: float


class CaptionedSpeech(BaseModel):
    """Sound and its words."""

    audio: str = Field(description="base64; the file, or its next part")
    audio_format: str = Field(description="media type")
    timestamps: list[WordTime] | None = Field(
        description="the words; those that were not in an earlier part"
    )
    captions: str | None = Field(
        default=None, description="a file of subtitles, where asked for; in the last part"
    )


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": CaptionedSpeech,
        "description": "With `stream: false` one object, else one a line, as they are made",
        "content": {_LINES: {"schema": {"type": "string"}}},
    },
}


def routes(service: SpeechService) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["speech"], responses=FAILURES)

    @router.post(
        CAPTIONED,
        summary="Speak a text and time its words",
        response_class=Response,
        responses=_RESPONSES,
    )
    async def captioned(body: CaptionedBody, request: Request) -> Response:
        caller = caller_of(request.scope)
        wanted = await prepared(body, service, caller, word_times=body.word_times)
        answer = SpeechAnswer(service, wanted, body, caller.owner)
        captions = _Captions(answer, body)
        if body.stream is False:
            spoken, content = await answer.whole(request)
            told = captions.told(content, spoken.words, last=True)
            return Response(told, media_type="application/json", headers=answer.headers)
        parts = await answer.parts(request)
        return LiveAnswer(captions.lines(parts), _LINES, answer.headers)

    return router


class _Captions:
    """Sound with its words, in the shape of the answer."""

    def __init__(self, answer: SpeechAnswer, body: CaptionedBody) -> None:
        self._answer = answer
        self._body = body
        self._words: list[Word] = []

    async def lines(self, parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """A line for each part of the file, and a last one with what is left to tell."""
        async with aclosing(parts):
            async for part in parts:
                yield self.told(part, self._new()) + b"\n"
        yield self.told(b"", self._new(), last=True) + b"\n"

    def told(self, content: bytes, words: Sequence[Word], *, last: bool = False) -> bytes:
        """One object of the answer."""
        self._words += words
        subtitles = _FORMATS.get(self._body.caption_format or "") if last else None
        answer = CaptionedSpeech(
            audio=base64.b64encode(content).decode(),
            audio_format=self._answer.format.media_type,
            timestamps=[*map(self._time, words)] if self._body.return_timestamps else None,
            captions=subtitles(self._words, self._answer.rate) if subtitles else None,
        )
        return answer.model_dump_json().encode()

    def _new(self) -> Sequence[Word]:
        return self._answer.report.words[len(self._words) :]

    def _time(self, word: Word) -> WordTime:
        rate = self._answer.rate
        return WordTime(
            word=word.text,
            start_time=round(word.start / rate, 3),
            end_time=round(word.end / rate, 3),
        )
