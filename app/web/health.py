"""Is the node alive, is it ready, what is it doing? Cheap enough to be asked every second."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app.node import Node


def routes(node: Node) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/cluster/status``. None of them touches the shared folder,
    which can hang."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "node": node.settings.node_name}

    @router.get("/readyz", summary="Every worker can speak")
    async def readyz() -> JSONResponse:
        reason = node.not_ready
        name = node.settings.node_name
        if reason:
            return JSONResponse({"ready": False, "reason": reason, "node": name}, 503)
        return JSONResponse({"ready": True, "node": name})

    @router.get("/cluster/status", summary="Who this node is and what it is doing")
    async def status() -> dict[str, object]:
        return node.status()

    return router
