"""`GET /outputs/NAME`: finished audio, from whichever node made it."""

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

from app.api.described import FAILURES, binary
from app.outputs.names import MEDIA_TYPES
from app.outputs.store import OutputStore


def routes(store: OutputStore) -> APIRouter:
    """The outputs route; ranges are honoured, so that players can seek."""
    router = APIRouter(tags=["outputs"], responses=FAILURES)

    @router.get(
        "/outputs/{name}",
        summary="Finished audio",
        response_class=Response,
        responses={status: {"content": binary(*MEDIA_TYPES.values())} for status in (200, 206)},
    )
    async def output(name: str, download: bool = False) -> FileResponse:
        path = await store.find(name)
        if path is None:
            raise HTTPException(404, "there is no such audio; it may have been removed")
        disposition = "attachment" if download else "inline"
        return FileResponse(
            path,
            media_type=MEDIA_TYPES[path.suffix[1:]],
            filename=name,
            content_disposition_type=disposition,
        )

    return router
