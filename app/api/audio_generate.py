"""``POST /AIVoice/TTS/CosyVoice2/audio-generate``: the route older clients of this cluster know.

Its answers have ``code`` and ``message``: "200" and 成功, or another code and what went wrong. That
is kept; ``data`` is new and holds the sound. A request without a body speaks a sentence of
greeting, so that the request those clients were written with still does something that can be
heard.
"""

import base64
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ..connections.disconnect import unless_disconnected
from ..encoding.formats import FORMATS, encoded_apart
from ..engines.interface import EngineInfo, Mode
from ..errors import SpeechError
from ..logs import REQUEST_ID
from ..middleware.callers import caller_of
from ..speech import SpeechService
from ..speech_request import SpeechRequest
from .ascii_json import AsciiJson
from .errors import retry_header, wrong_fields
from .inline_clip import inline_clip
from .speech_body import FormatName, Number, Seed

PATH = "/AIVoice/TTS/CosyVoice2/audio-generate"
GREETING_ZH = "你好，欢迎使用语音合成服务。"
GREETING_EN = "Hello, welcome to the speech service."
_DONE = {"code": "200", "message": "成功"}
_WRONG_INPUT = "999"
"""Message of status 400, as the route has always had it."""


class GenerateBody(BaseModel):
    """Text and voice of a request; every field may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": GREETING_ZH, "seed": 42, "answer": "both"}]},
    )
    text: str | None = Field(
        default=None,
        description=f"absent: “{GREETING_ZH}”, or “{GREETING_EN}” in a voice that is not Chinese",
    )
    mode: Mode | None = Field(default=None, description="absent: what follows from the rest")
    voice: str | None = Field(
        default=None, description="a voice's id; absent is one of the text's language"
    )
    instruct_text: str = Field(default="", description="how to speak")
    prompt_audio: str | None = Field(
        default=None, description="a recording of the voice to use: base64, or a data: URL"
    )
    prompt_text: str = Field(default="", description="the words in `prompt_audio`")
    speed: Number = 1.0
    seed: Seed = None
    timeout: Number | None = Field(default=None, description="seconds the work may take")
    format: FormatName = "wav"
    answer: Literal["url", "base64", "both"] = Field(
        default="url",
        description="url: kept in the shared outputs, and where; base64: in the answer, not kept",
    )


class GenerateData(BaseModel):
    """The sound."""

    url: str | None = Field(description="path on this cluster; any node serves it")
    audio: str | None = Field(description="the file in base64")
    format: str
    duration: float = Field(description="seconds")
    sample_rate: int = Field(description="Hz at which the file plays")
    voice: str
    seed: int = Field(description="with it the same request gives the same sound")
    node: str
    request_id: str


class GenerateAnswer(BaseModel):
    """The route's answer."""

    code: str = Field(description='"200"')
    message: str
    data: GenerateData | None = None


class FailureAnswer(BaseModel):
    """A failure, in the route's own shape."""

    code: str = Field(description='"999" for a wrong request, else the HTTP status')
    message: str
    message_en: str | None = None


_FAILURES: dict[int | str, dict[str, Any]] = {
    "default": {"model": FailureAnswer, "description": "What went wrong"}
}


def routes(service: SpeechService, node: str) -> APIRouter:
    """The route of the older clients."""
    router = APIRouter(tags=["speech"], route_class=_Route, responses=_FAILURES)

    @router.post(PATH, summary="Speak a text, answered with code and message")
    async def audio_generate(request: Request, body: GenerateBody | None = None) -> GenerateAnswer:
        asked, caller = body or GenerateBody(), caller_of(request.scope)
        with inline_clip(asked.prompt_audio, "prompt_audio") as reference:
            wanted = await service.prepare(_ask(asked, reference, service.engine), caller)
        request_id = REQUEST_ID.get()
        making = service.speak(wanted, request_id, timeout=asked.timeout)
        spoken = await unless_disconnected(request.receive, making)
        content = await encoded_apart(asked.format, spoken.pcm, spoken.sample_rate)
        url = None
        if asked.answer != "base64":
            output = await service.keep(
                spoken, request_id, owner=caller.owner, audio=content, file_format=asked.format
            )
            url = f"/outputs/{output.file_name}"
        data = GenerateData(
            url=url,
            audio=None if asked.answer == "url" else base64.b64encode(content).decode(),
            format=asked.format,
            duration=round(spoken.duration, 3),
            sample_rate=FORMATS[asked.format].rate_of(spoken.sample_rate),
            voice=wanted.voice_id,
            seed=wanted.seed,
            node=node,
            request_id=request_id,
        )
        return GenerateAnswer(**_DONE, data=data)

    return router


def _ask(body: GenerateBody, reference: Path | None, engine: EngineInfo) -> SpeechRequest:
    return SpeechRequest(
        text=_greeting(body, engine) if body.text is None else body.text,
        mode=body.mode,
        voice=body.voice,
        reference=reference,
        transcript=body.prompt_text,
        instruction=body.instruct_text,
        speed=body.speed,
        seed=body.seed,
        timeout=body.timeout,
    )


def _greeting(body: GenerateBody, engine: EngineInfo) -> str:
    voice = engine.voice(body.voice) if body.voice else engine.default_voice
    chinese = voice is None or voice.language.split("-")[0] in ("zh", "cmn", "yue")
    return GREETING_ZH if chinese else GREETING_EN


class _Route(APIRoute):
    """Route that answers failures in its own shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except SpeechError as error:
                return _failed(error.status, error.zh, error.en, retry_header(error))
            except RequestValidationError as error:
                said = wrong_fields(error)
                return _failed(400, f"请求有误：{said}", said)
            except HTTPException as error:
                return _failed(error.status_code, str(error.detail), str(error.detail))

        return answer


def _failed(
    status: int, chinese: str, english: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    code = _WRONG_INPUT if status == 400 else str(status)
    body = {"code": code, "message": chinese, "message_en": english}
    return AsciiJson(body, status, headers)
