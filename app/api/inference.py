"""``/inference_sft`` and the others: the routes of CosyVoice's own server, for programs that call
them. A form comes in, bare samples go out as they are made.

As in ``runtime/python/fastapi/server.py`` of its repository, commit ace7c47; GET with a body is
what its own client sends. ``/inference_vc`` is its ``inference_vc`` in the same manner.
"""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool

from ..engines.interface import Mode
from ..errors import InvalidInputError
from ..logs import REQUEST_ID
from ..middleware.callers import caller_of
from ..middleware.job_start import INFERENCE
from ..speech import SpeechService
from ..speech_request import SpeechRequest
from ..streaming import LiveAnswer
from ..workers.report import JobReport
from .begun import begun
from .inline_clip import LARGEST, too_large
from .openapi import FAILURES, binary

_MEDIA_TYPE = "application/octet-stream"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "s16le mono samples at the rate in X-Sample-Rate",
        "content": binary(_MEDIA_TYPE),
    }
}
_Text = Annotated[str, Form(description="the text")]
_Voice = Annotated[str, Form(description="a voice's id or name")]
_Instruction = Annotated[str, Form(description="how to speak")]
_Recording = Annotated[UploadFile, File(description="a recording of the voice, in any format")]


def routes(service: SpeechService) -> APIRouter:
    """A route for each of CosyVoice's ways to speak."""
    router = APIRouter(tags=["CosyVoice"], responses=FAILURES)

    async def sft(request: Request, tts_text: _Text, spk_id: _Voice) -> Response:
        return await _spoken(request, service, SpeechRequest(tts_text, voice=spk_id, stream=True))

    async def zero_shot(
        request: Request,
        tts_text: _Text,
        prompt_text: Annotated[str, Form(description="the words in the recording")],
        prompt_wav: _Recording,
    ) -> Response:
        async with _on_disk(prompt_wav, "prompt_wav") as reference:
            asked = SpeechRequest(
                tts_text, Mode.CLONE, reference=reference, transcript=prompt_text, stream=True
            )
            return await _spoken(request, service, asked)

    async def cross_lingual(request: Request, tts_text: _Text, prompt_wav: _Recording) -> Response:
        async with _on_disk(prompt_wav, "prompt_wav") as reference:
            asked = SpeechRequest(tts_text, Mode.CROSS_LINGUAL, reference=reference, stream=True)
            return await _spoken(request, service, asked)

    async def instruct(
        request: Request, tts_text: _Text, spk_id: _Voice, instruct_text: _Instruction
    ) -> Response:
        asked = SpeechRequest(
            tts_text, Mode.INSTRUCT, voice=spk_id, instruction=instruct_text, stream=True
        )
        return await _spoken(request, service, asked)

    async def instruct2(
        request: Request, tts_text: _Text, instruct_text: _Instruction, prompt_wav: _Recording
    ) -> Response:
        async with _on_disk(prompt_wav, "prompt_wav") as reference:
            asked = SpeechRequest(
                tts_text,
                Mode.INSTRUCT,
                reference=reference,
                instruction=instruct_text,
                stream=True,
            )
            return await _spoken(request, service, asked)

    async def convert(
        request: Request,
        source_wav: Annotated[UploadFile, File(description="what is said again")],
        prompt_wav: _Recording,
    ) -> Response:
        async with AsyncExitStack() as files:
            source = await files.enter_async_context(_on_disk(source_wav, "source_wav"))
            reference = await files.enter_async_context(_on_disk(prompt_wav, "prompt_wav"))
            asked = SpeechRequest(
                mode=Mode.CONVERT, source=source, reference=reference, stream=True
            )
            return await _spoken(request, service, asked)

    handlers: tuple[Callable[..., Awaitable[Response]], ...] = (
        sft,
        zero_shot,
        cross_lingual,
        instruct,
        instruct2,
        convert,
    )
    for path, handler in zip(INFERENCE, handlers, strict=True):
        for method in ("POST", "GET"):
            router.add_api_route(
                path,
                handler,
                methods=[method],
                summary=f"CosyVoice's {path[1:]}",
                response_class=Response,
                responses=_RESPONSES,
            )
    return router


async def _spoken(request: Request, service: SpeechService, asked: SpeechRequest) -> Response:
    wanted = await service.prepare(asked, caller_of(request.scope))
    request_id = REQUEST_ID.get()
    report = JobReport(request_id)
    sound = await begun(request, service.stream(wanted, request_id, report=report))
    headers = {
        "X-Seed": str(wanted.seed),
        "X-Voice": quote(wanted.voice_id),
        "X-Sample-Rate": str(service.engine.sample_rate),
    }
    if report.lent_to:
        headers["X-Made-By"] = report.lent_to
    return LiveAnswer(sound, _MEDIA_TYPE, headers)


@asynccontextmanager
async def _on_disk(upload: UploadFile, field: str) -> AsyncIterator[Path]:
    """A file with what was sent, which is removed at the end. Raises ``InvalidInputError``."""
    content = await upload.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise too_large(field)
    if not content:
        raise InvalidInputError(
            "recording_empty", f"{field} is empty", f"{field} 是空文件", field=field
        )
    with tempfile.NamedTemporaryFile(prefix="cosyvoice-clip-") as file:
        await run_in_threadpool(Path(file.name).write_bytes, content)
        yield Path(file.name)
