"""``/v1/audio/voices``: the engine's voices, and those registered from a recording."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, HTTPException, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from ..access.ownership import Caller
from ..checks.words import name_of, transcript_of
from ..engines.interface import EngineInfo
from ..errors import InvalidInputError
from ..middleware.callers import caller_of
from ..sound.clip import ClipLimits
from ..speech import SpeechService
from ..voices.record import RegisteredVoice, new_id
from .inline_clip import LARGEST, too_large
from .openapi import FAILURES

_LANGUAGE = r"^$|^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_NONE = "there is no such registered voice"


class NewName(BaseModel):
    """The facts of a registered voice that can be changed."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(description="what people see")


def routes(service: SpeechService, node: str) -> APIRouter:
    """List, register, rename, delete."""
    router = APIRouter(prefix="/v1/audio/voices", tags=["voices"], responses=FAILURES)
    engine = service.engine

    @router.get("", summary="The voices to choose from")
    async def voices(request: Request) -> dict[str, object]:
        caller = caller_of(request.scope)
        registered = await service.voices_for(caller) if engine.clips else []
        default = engine.default_voice
        return {
            "voices": [*_engine_voices(engine), *(_told(one, caller) for one in registered)],
            "default": default.id if default else None,
        }

    @router.post("", summary="Register a voice from a recording", status_code=201)
    async def register(
        request: Request,
        name: Annotated[str, Form(description="what people see")],
        audio_sample: Annotated[UploadFile, File(description="the recording, in any usual format")],
        transcript: Annotated[str, Form(description="the words in the recording")] = "",
        language: Annotated[str, Form(pattern=_LANGUAGE, description="a BCP 47 tag")] = "",
    ) -> dict[str, object]:
        limits = _limits(engine)
        name, transcript = name_of(name), transcript_of(transcript)
        with tempfile.NamedTemporaryFile(prefix="cosyvoice-voice-") as file:
            content = await audio_sample.read(LARGEST + 1)
            _check_size(content)
            await run_in_threadpool(Path(file.name).write_bytes, content)
            prepared = await service.clips.prepare(Path(file.name), limits, "audio_sample")
        try:
            recording = await run_in_threadpool(prepared.path.read_bytes)
        finally:
            prepared.path.unlink()
        caller = caller_of(request.scope)
        voice = RegisteredVoice(
            id=new_id(),
            name=name,
            language=language,
            transcript=transcript,
            created=service.store.now(),
            node=node,
            duration=prepared.report.duration,
            owner=caller.owner,
        )
        await service.voices.add(voice, recording)
        warnings = [
            {"code": warning.code, "message": warning.en, "message_zh": warning.zh}
            for warning in prepared.report.warnings
        ]
        return {"object": "audio.voice", **_told(voice, caller), "warnings": warnings}

    @router.patch("/{voice_id}", summary="Rename a registered voice")
    async def rename(request: Request, voice_id: str, body: NewName) -> dict[str, object]:
        _check_not_built_in(engine, voice_id, "renamed", "改名")
        name, caller = name_of(body.name), caller_of(request.scope)
        voice = await service.voice_for(caller, voice_id)
        if voice and not caller.deletes_voice(voice.id, voice.owner):
            raise HTTPException(403, "this voice is not yours to rename")
        if voice is None or not (voice := await service.voices.rename(voice_id, name)):
            raise HTTPException(404, _NONE)
        return {"object": "audio.voice", **_told(voice, caller)}

    @router.delete("/{voice_id}", summary="Delete a registered voice")
    async def delete(request: Request, voice_id: str) -> dict[str, object]:
        _check_not_built_in(engine, voice_id, "deleted", "删除")
        caller = caller_of(request.scope)
        voice = await service.voice_for(caller, voice_id)
        if voice and not caller.deletes_voice(voice.id, voice.owner):
            raise HTTPException(403, "this voice is not yours to delete")
        if voice is None or not await service.voices.remove(voice_id):
            raise HTTPException(404, _NONE)
        return {"id": voice_id, "object": "audio.voice.deleted", "deleted": True}

    return router


def _check_not_built_in(engine: EngineInfo, voice_id: str, en: str, zh: str) -> None:
    if engine.voice(voice_id):
        raise InvalidInputError(
            "voice_built_in",
            f"{voice_id} belongs to the engine and cannot be {en}",
            f"{voice_id} 是引擎自带的声音，不能{zh}",
            field="voice_id",
        )


def _engine_voices(engine: EngineInfo) -> list[dict[str, object]]:
    return [
        {
            "id": voice.id,
            "name": voice.name_en,
            "name_zh": voice.name_zh,
            "language": voice.language,
            "registered": False,
        }
        for voice in engine.voices
    ]


def _told(voice: RegisteredVoice, caller: Caller) -> dict[str, object]:
    return {
        "id": voice.id,
        "name": voice.name,
        "name_zh": voice.name,
        "language": voice.language,
        "registered": True,
        "transcript": voice.transcript,
        "duration": voice.duration,
        "created_at": int(voice.created.timestamp()),
        "node": voice.node,
        "own": caller.owns(voice.owner),
        "deletable": caller.deletes_voice(voice.id, voice.owner),
    }


def _limits(engine: EngineInfo) -> ClipLimits:
    if engine.clips is None:
        raise InvalidInputError(
            "clips_not_supported",
            f"the engine {engine.name} speaks in its own voices only; it cannot learn one from a "
            "recording",
            f"引擎 {engine.name} 只有自带的声音，不能从音频注册声音",
            field="audio_sample",
        )
    return engine.clips


def _check_size(content: bytes) -> None:
    if len(content) > LARGEST:
        raise too_large("audio_sample")
