"""``/outputs/NAME``: finished audio, from whichever node made it, for those who may hear it."""

from fastapi import APIRouter, HTTPException, Request, Response

from ..access.ownership import Caller
from ..middleware.callers import caller_of
from ..outputs.names import MEDIA_TYPES, parse_audio_name
from ..outputs.reading import OpenFileAnswer
from ..outputs.store import OutputStore
from .openapi import FAILURES, binary

PRIVATE = {"Cache-Control": "private"}
"""Caches that others share would not ask whose it is."""
_NONE = "there is no such audio; it may have been removed"


def routes(store: OutputStore) -> APIRouter:
    """The outputs' routes; ranges are honoured, so that players can seek."""
    router = APIRouter(tags=["outputs"], responses=FAILURES)

    @router.get(
        "/outputs/{name}",
        summary="Finished audio",
        response_class=Response,
        responses={status: {"content": binary(*MEDIA_TYPES.values())} for status in (200, 206)},
    )
    async def output(request: Request, name: str, download: bool = False) -> Response:
        disposition = "attachment" if download else "inline"
        return await output_answer(store, name, caller_of(request.scope), disposition)

    @router.delete("/outputs/{name}", summary="Delete finished audio")
    async def delete(request: Request, name: str) -> dict[str, object]:
        caller, parsed = caller_of(request.scope), parse_audio_name(name)
        owner = await store.owner(parsed[0]) if parsed else None
        # Of what somebody may not see, nobody says that it is there.
        if parsed is None or not caller.sees(owner):
            raise HTTPException(404, _NONE)
        if not caller.deletes(owner):
            raise HTTPException(403, "this audio is not yours to delete")
        if not await store.delete(parsed[0]):
            raise HTTPException(404, _NONE)
        return {"id": name, "object": "audio.output.deleted", "deleted": True}

    return router


async def output_answer(
    store: OutputStore, name: str, caller: Caller, disposition: str = "inline"
) -> Response:
    """The answer with an output's audio. Raises ``HTTPException``, also for one that ``caller`` may
    not hear, and ``StorageError``."""
    parsed = parse_audio_name(name)
    if parsed is None or not (caller.sees_others or caller.sees(await store.owner(parsed[0]))):
        raise HTTPException(404, _NONE)
    file = await store.open(name)
    if file is None:
        raise HTTPException(404, _NONE)
    return OpenFileAnswer(
        file,
        name,
        media_type=MEDIA_TYPES[parsed[1]],
        content_disposition_type=disposition,
        headers=PRIVATE,
    )
