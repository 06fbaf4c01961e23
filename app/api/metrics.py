"""``GET /metrics``, for Prometheus."""

from fastapi import APIRouter, Header, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ..node import Node
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
    async def metrics(accept: str = Header(default="", include_in_schema=False)) -> Response:
        await node.gpus.refresh()
        await node.certificate.refresh()
        encode, media_type = choose_encoder(accept)
        return Response(encode(registry), headers={"Content-Type": media_type})

    return router
