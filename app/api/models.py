"""The engine of the node, as OpenAI's API lists models."""

from fastapi import APIRouter, HTTPException

from ..engines.interface import EngineInfo
from .openapi import FAILURES

ALIASES = frozenset({"tts-1", "tts-1-hd", "gpt-4o-mini-tts"})
"""OpenAI's model names, which its clients send by default: whatever engine the node has."""


def routes(engine: EngineInfo) -> APIRouter:
    """``/v1/models``, and ``/v1/audio/models`` as Open WebUI asks for it."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])
    known = [engine.name, *sorted(ALIASES)]

    def described(name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": 0, "owned_by": engine.title}

    @router.get("/models", summary="The engine, as a model, and the names that stand for it")
    async def models() -> dict[str, object]:
        return {"object": "list", "data": [described(name) for name in known]}

    @router.get("/models/{name}", summary="One of them", responses=FAILURES)
    async def model(name: str) -> dict[str, object]:
        if name not in known:
            raise HTTPException(404, f"there is no model {name!r}; models: {', '.join(known)}")
        return described(name)

    @router.get("/audio/models", summary="The same list, of what speaks")
    async def audio_models() -> dict[str, object]:
        return {"models": [{"id": name, "name": name} for name in known]}

    return router
