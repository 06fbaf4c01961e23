"""`POST /v1/audio/speech`, in the shape of OpenAI's API.

One request, one connection, one sound: it needs no session, so it works under any scheduler.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.catalogue import ALIASES
from app.api.disconnect import unless_disconnected
from app.ask import Ask
from app.errors import InvalidInputError
from app.logs import REQUEST_ID
from app.speech import SpeechService

_MEDIA_TYPES = {"wav": "audio/wav", "pcm": "audio/pcm"}


class VoiceReference(BaseModel):
    """A voice by id, the long way."""

    model_config = ConfigDict(extra="forbid")
    id: str


class SpeechBody(BaseModel):
    """What to speak, and how."""

    model_config = ConfigDict(extra="forbid")
    model: str = Field(description="the engine's name, or one of OpenAI's model names")
    input: str = Field(description="the text")
    voice: str | VoiceReference | None = Field(
        default=None, description="a voice's id; absent is the default voice"
    )
    response_format: str = Field(default="wav", description="wav, or pcm: raw s16le mono samples")
    speed: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    seed: Annotated[int, Field(strict=True)] | None = Field(
        default=None, description="1 to 100000000; the same request and seed give the same bytes"
    )
    instructions: str | None = None
    stream_format: Literal["audio"] = "audio"


def routes(service: SpeechService) -> APIRouter:
    """The speech route."""
    router = APIRouter(prefix="/v1", tags=["speech"])

    @router.post("/audio/speech", summary="Speak a text", response_class=Response)
    async def speech(body: SpeechBody, request: Request) -> Response:
        _check_supported(body, service.engine.name)
        voice = body.voice.id if isinstance(body.voice, VoiceReference) else body.voice
        wanted = await service.prepare(
            Ask(
                body.input,
                voice=voice,
                instruction=body.instructions or "",
                speed=body.speed,
                seed=body.seed,
            )
        )
        spoken = await unless_disconnected(request, service.speak(wanted, REQUEST_ID.get()))
        content = spoken.wav() if body.response_format == "wav" else spoken.pcm
        headers = {
            "X-Seed": str(wanted.seed),
            "X-Voice": wanted.voice,
            "X-Sample-Rate": str(spoken.sample_rate),
            "X-Audio-Seconds": f"{spoken.duration:.3f}",
        }
        return Response(content, media_type=_MEDIA_TYPES[body.response_format], headers=headers)

    return router


def _check_supported(body: SpeechBody, engine: str) -> None:
    """Refuse what this node cannot do, rather than ignore it."""
    if body.model != engine and body.model not in ALIASES:
        known = ", ".join([engine, *sorted(ALIASES)])
        raise InvalidInputError(
            "model_not_found",
            f"there is no model {body.model!r}; models: {known}",
            f"没有模型“{body.model}”，可用的模型：{known}",
            field="model",
        )
    if body.response_format not in _MEDIA_TYPES:
        known = ", ".join(_MEDIA_TYPES)
        raise InvalidInputError(
            "format_not_supported",
            f"response_format {body.response_format!r} is not supported; use one of: {known}",
            f"不支持格式“{body.response_format}”，可用的格式：{known}",
            field="response_format",
        )
