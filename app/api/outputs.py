"""``GET /outputs/NAME``: finished audio, from whichever node made it."""

from fastapi import APIRouter, HTTPException, Response

from app.api.openapi import FAILURES, binary
from app.outputs.names import MEDIA_TYPES
from app.outputs.reading import OpenFileAnswer
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
    async def output(name: str, download: bool = False) -> Response:
        return await output_answer(store, name, "attachment" if download else "inline")

    return router


async def output_answer(store: OutputStore, name: str, disposition: str = "inline") -> Response:
    """The answer with an output's audio. Raises ``HTTPException``, ``StorageError``."""
    file = await store.open(name)
    if file is None:
        raise HTTPException(404, "there is no such audio; it may have been removed")
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return OpenFileAnswer(file, name, media_type=media_type, content_disposition_type=disposition)
