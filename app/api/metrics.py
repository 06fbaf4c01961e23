"""``GET /metrics``, for Prometheus."""

from fastapi import APIRouter, Header, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ..host.virtual_ips import asked_at
from ..node import Node
from ..refusal import refusal
from .openapi import binary


def routes(node: Node, registry: CollectorRegistry) -> APIRouter:
    """The metrics route. It touches neither the shared folder nor a worker."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        summary="Metrics, in the format Prometheus asks for",
        response_class=Response,
        responses={200: {"content": binary("text/plain", "application/openmetrics-text")}},
    )
    async def metrics(
        request: Request, accept: str = Header(default="", include_in_schema=False)
    ) -> Response:
        if asked_at(request.scope, node.settings.virtual_ips):
            # There it would be whichever node's, and everybody's to see.
            en = "metrics are told at a node's own address, not at the virtual IP"
            zh = "指标只能通过节点自己的地址获取，不能通过虚拟 IP"
            return refusal(403, "not_here", en, zh, kind="invalid_request_error")
        await node.gpus.refresh()
        await node.certificate.refresh()
        encode, media_type = choose_encoder(accept)
        return Response(encode(registry), headers={"Content-Type": media_type})

    return router
