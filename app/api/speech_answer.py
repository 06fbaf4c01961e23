"""Request and answer of ``/v1/audio/speech`` and its kin."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from fastapi import Request

from ..access.ownership import Caller
from ..checks.numbers import nearest_speed, speed_streams
from ..connections.disconnect import unless_disconnected
from ..encoding.formats import FORMATS, encoded_apart
from ..engines.interface import SynthesisRequest
from ..errors import InvalidInputError
from ..logs import REQUEST_ID
from ..outputs.names import audio_name
from ..sound.pcm import SAMPLE_BYTES
from ..speech import Speech, SpeechService
from ..speech_request import SpeechRequest
from ..text import clean
from ..workers.report import JobReport
from .begun import begun
from .inline_clip import inline_clip
from .models import ALIASES
from .speech_body import SpeechFields

_NAMES_TOLD = 8
"""Ignored fields that an answer names."""
_NAME_LENGTH = 40
"""Characters of each."""


async def prepared(
    body: SpeechFields, service: SpeechService, caller: Caller, *, word_times: bool = False
) -> SynthesisRequest:
    """The work of an engine for a request. Raises ``InvalidInputError``."""
    check_model(body.model, service.engine.name)
    with (
        inline_clip(body.reference, "reference") as reference,
        inline_clip(body.source, "source") as source,
    ):
        return await service.prepare(
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
                word_times=word_times,
            ),
            caller,
        )


class SpeechAnswer:
    """Sound for one request, and what is told beside it."""

    def __init__(
        self, service: SpeechService, wanted: SynthesisRequest, body: SpeechFields, owner: str
    ) -> None:
        self._service = service
        self._wanted = wanted
        self._body = body
        self._owner = owner
        self._request_id = REQUEST_ID.get()
        self._began = time.monotonic()
        self.rate = service.engine.sample_rate
        self.format = FORMATS[body.response_format]
        self.headers = {
            "X-Seed": str(wanted.seed),
            # A header is ASCII, and a model's own speakers have names like 中文女.
            "X-Voice": quote(wanted.voice_id),
            "X-Speed": f"{wanted.speed:g}",
            "X-Sample-Rate": str(self.format.rate_of(self.rate)),
        }
        """Whole when the sound is, or has begun."""
        self._stem: str | None = None
        if body.return_download_link:
            self._stem = service.store.new_stem(service.store.now())
            path = f"/outputs/{audio_name(self._stem, self.format.name)}?download=true"
            self.headers["X-Download-Path"] = path
        if body.normalize and wanted.text and wanted.text != clean(body.input):
            self.headers["X-Normalized"] = "true"
        if body.ignored:
            self.headers["X-Ignored-Fields"] = _names(body.ignored)
        self.report = JobReport(self._request_id)
        """Has the words in time, as far as the sound has come."""
        self.done: dict[str, object] = {}
        """Facts about sound that came in parts, once the last has been made."""

    async def whole(self, request: Request) -> tuple[Speech, bytes]:
        """The speech, and the finished file."""
        making = self._service.speak(self._wanted, self._request_id, timeout=self._body.timeout)
        spoken = await unless_disconnected(request.receive, making)
        content = await encoded_apart(self.format.name, spoken.pcm, self.rate)
        self.headers["X-Audio-Seconds"] = f"{spoken.duration:.3f}"
        if spoken.made_by:
            self.headers["X-Made-By"] = spoken.made_by
        if self._body.keeps:
            self.headers["X-Output"] = await self._saved(spoken, content)
        return spoken, content

    async def parts(self, request: Request) -> AsyncGenerator[bytes, None]:
        """The file in parts, once its sound has begun. What fails before that has a status."""
        making = self._service.stream(
            self._wanted, self._request_id, timeout=self._body.timeout, report=self.report
        )
        sound = await begun(request, making)
        if self.report.lent_to:
            self.headers["X-Made-By"] = self.report.lent_to
        return self._parts(sound)

    async def _parts(self, sound: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        encoder = self.format.encoder(self.rate)
        pcm, length = bytearray(), 0
        async with aclosing(sound) as made:
            async for piece in made:
                length += len(piece)
                if self._body.keeps:
                    pcm += piece
                # It takes the processor for milliseconds: not in the event loop.
                if part := await asyncio.to_thread(encoder.feed, piece):
                    yield part
        self.done |= _summary(self._wanted, length / SAMPLE_BYTES / self.rate)
        if self._body.keeps:
            # Before the end: who gets a whole file finds it in the history, too.
            taken = time.monotonic() - self._began
            spoken = Speech(self._wanted, bytes(pcm), self.rate, taken, made_by=self.report.lent_to)
            content = await encoded_apart(self.format.name, spoken.pcm, self.rate)
            self.done["output"] = await self._saved(spoken, content)
        if part := await asyncio.to_thread(encoder.finish):
            yield part

    async def _saved(self, spoken: Speech, content: bytes) -> str:
        output = await self._service.keep(
            spoken,
            self._request_id,
            owner=self._owner,
            audio=content,
            file_format=self.format.name,
            stem=self._stem,
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


def _streams(body: SpeechFields, service: SpeechService) -> bool:
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
