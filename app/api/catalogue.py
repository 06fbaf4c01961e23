"""What the node offers: models and voices."""

from fastapi import APIRouter

from app.engines.interface import EngineInfo

ALIASES = frozenset({"tts-1", "tts-1-hd", "gpt-4o-mini-tts"})
"""OpenAI's model names, which its clients send by default: whatever engine the node has."""


def routes(engine: EngineInfo) -> APIRouter:
    """`/v1/models` and `/v1/audio/voices`."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get("/models", summary="The engine, as a model")
    async def models() -> dict[str, object]:
        model = {"id": engine.name, "object": "model", "created": 0, "owned_by": engine.title}
        return {"object": "list", "data": [model]}

    @router.get("/audio/voices", summary="The voices to choose from")
    async def voices() -> dict[str, object]:
        known = [
            {
                "id": voice.id,
                "name": voice.name_en,
                "name_zh": voice.name_zh,
                "language": voice.language,
            }
            for voice in engine.voices
        ]
        default = engine.default_voice
        return {"voices": known, "default": default.id if default else None}

    return router
