"""Health, readiness and status."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from ..node import Node
from .own_address import refused_at_the_vip


def routes(node: Node) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/cluster/status``. None of them touches the shared folder."""
    router = APIRouter(tags=["health"])
    name = node.settings.node_name

    @router.get("/healthz", summary="The process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "node": name}

    @router.get(
        "/readyz",
        summary="Every worker has spoken, and the node is not draining",
        responses={503: {"description": "It should get no clients; `reason` says why"}},
    )
    async def readyz() -> JSONResponse:
        reason = node.not_ready
        body = {"ready": not reason, "reason": reason, "node": name}
        return JSONResponse(body, 503 if reason else 200)

    @router.get(
        "/cluster/status",
        summary="Who this node is and what it is doing",
        response_model=dict[str, object],
        responses={403: {"description": "Asked at the virtual IP"}},
    )
    async def status(request: Request) -> dict[str, object] | JSONResponse:
        if refused := refused_at_the_vip(request, node):
            return refused
        await node.gpus.refresh()
        return node.status()

    return router
