"""Speech over HTTP, in the shape of OpenAI's API: one request, one connection, one sound.

It needs no session, so it works behind any scheduler.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app import audio
from app.node import Node, RequestError
from app.text import TextError
from app.workers.job import BusyError, DeadlineError, Job, JobError

FORMATS = {"wav": "audio/wav", "pcm": "audio/pcm"}


class Speech(BaseModel):
    """``POST /v1/audio/speech``."""

    input: str
    model: str = "tts-1"
    voice: str | None = None
    response_format: str = "wav"
    speed: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    seed: int | None = None


def routes(node: Node) -> APIRouter:
    """The ``/v1`` routes."""
    router = APIRouter(prefix="/v1", tags=["speech"])

    @router.post("/audio/speech", summary="Speak a text", response_class=Response)
    async def speech(body: Speech, request: Request) -> Response:
        if body.response_format not in FORMATS:
            known = ", ".join(FORMATS)
            return refusal(400, f"response_format {body.response_format!r} is not one of {known}")
        if node.draining:
            return refusal(503, "this node is draining", "overloaded")
        if reason := node.not_ready:
            return refusal(503, reason, "overloaded")
        request_id = request.state.request_id
        try:
            wanted = node.checked(body.input, body.voice, body.speed, body.seed)
            sound = await asyncio.wrap_future(node.pool.submit(Job(wanted, request_id)))
        except (TextError, RequestError) as error:
            return refusal(400, str(error))
        except BusyError as error:
            return refusal(429, str(error), "overloaded", {"Retry-After": "2"})
        except DeadlineError as error:
            return refusal(504, str(error), "timeout")
        except JobError as error:
            return refusal(500, str(error), "failed")
        encode = audio.wav(sound.samples, sound.sample_rate)
        if body.response_format == "pcm":
            encode = audio.pcm(sound.samples)
        headers = {"X-Seed": str(wanted.seed), "X-Sample-Rate": str(sound.sample_rate)}
        return Response(encode, media_type=FORMATS[body.response_format], headers=headers)

    @router.get("/models", summary="The engine, as a model")
    async def models() -> dict[str, object]:
        model = {"id": node.pool.engine_name, "object": "model", "owned_by": "cosyvoice-cluster"}
        return {"object": "list", "data": [model]}

    @router.get("/audio/voices", summary="Voices one can choose")
    async def voices() -> dict[str, object]:
        known = [
            {"id": voice.id, "name": voice.name, "language": voice.language}
            for voice in node.pool.voices
        ]
        return {"voices": known}

    return router


def refusal(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An error in OpenAI's shape."""
    error = {"message": message, "type": kind, "code": status}
    return JSONResponse({"error": error}, status, headers)


def install_validation_errors(application: FastAPI) -> None:
    """A body of the wrong shape is a 400 that names the field."""

    @application.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        return refusal(400, said)
