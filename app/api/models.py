"""The engine of the node, as OpenAI's API lists models."""

from fastapi import APIRouter

from app.engines.interface import EngineInfo

ALIASES = frozenset({"tts-1", "tts-1-hd", "gpt-4o-mini-tts"})
"""OpenAI's model names, which its clients send by default: whatever engine the node has."""


def routes(engine: EngineInfo) -> APIRouter:
    """``/v1/models``."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get("/models", summary="The engine, as a model")
    async def models() -> dict[str, object]:
        model = {"id": engine.name, "object": "model", "created": 0, "owned_by": engine.title}
        return {"object": "list", "data": [model]}

    return router
