"""``GET /metrics``, for Prometheus."""

from fastapi import APIRouter, Header, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ..node import Node
from .openapi import binary
from .own_address import refused_at_the_vip


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
        if refused := refused_at_the_vip(request, node):
            return refused
        await node.gpus.refresh()
        await node.certificate.refresh()
        encode, media_type = choose_encoder(accept)
        return Response(encode(registry), headers={"Content-Type": media_type})

    return router
