"""Unknown paths below /v1; without this the page would answer for them."""

from fastapi import APIRouter, HTTPException, Request

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes() -> APIRouter:
    """Build the route, to be included after every other."""
    router = APIRouter(prefix="/v1")

    @router.api_route("/{path:path}", methods=_METHODS, include_in_schema=False)
    async def unknown(request: Request, path: str) -> None:
        message = f"there is no {request.method} /v1/{path}; see /openapi.json"
        raise HTTPException(404, message)

    return router
