"""Gradio's routes for files, without Gradio's way to them.

Gradio writes uploads and looks at files in the event loop, which a file server that is gone would
stop. Here an upload lands on this node's disk and is then moved, and every access to the shared
folder has its time limit.
"""

import tempfile
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from gradio.route_utils import API_PREFIX, upload_fn
from gradio.routes import file_upload_statuses
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from ...api.errors import retry_header
from ...api.outputs import PRIVATE, output_answer
from ...errors import SpeechError
from ...middleware.callers import caller_of
from ...node import Node
from ...outputs.names import parse_audio_name
from ...outputs.partitions import partition_of
from ...outputs.reading import OpenFileAnswer
from ...paths import below
from ...recordings import media_type_of
from .upload_bounds import UploadBounds, check_count


def routes(node: Node, limit: int) -> APIRouter:
    """Uploads of at most ``limit`` bytes, and the files that the page and its clients fetch."""
    router = APIRouter(prefix=API_PREFIX, include_in_schema=False)
    recordings = node.recordings
    kept = (node.settings.output_dir, node.settings.spool_dir)

    bounds = UploadBounds(node.settings.upload_rate, recordings.space)

    @router.post("/upload")
    async def upload(request: Request, upload_id: str | None = None) -> Response:
        # Gradio's own words for what is wrong: the page shows them as they are.
        with tempfile.TemporaryDirectory(dir=recordings.here) as folder:
            try:
                files, _, _ = await upload_fn(
                    await bounds.metered(request),
                    folder,
                    limit,
                    upload_id,
                    upload_progress=file_upload_statuses if upload_id else None,
                )
                check_count(len(files))
                # Named after its content, as Gradio does it: one sent twice is there once.
                places = [recordings.folder / Path(file).relative_to(folder) for file in files]
                kept_at = [
                    str(await recordings.keep(Path(file), place))
                    for file, place in zip(files, places, strict=True)
                ]
            except ClientDisconnect:
                return Response(status_code=400)
            except MultiPartException as error:
                large = "maximum allowed size" in error.message
                return PlainTextResponse(error.message, 413 if large else 400)
            except SpeechError as error:
                told = f"{error.zh}\n{error.en}"
                return PlainTextResponse(told, error.status, retry_header(error))
        return JSONResponse(kept_at)

    @router.api_route("/file={path:path}", methods=["GET", "HEAD"])
    @router.api_route("/file/{path:path}", methods=["GET", "HEAD"])
    async def file(request: Request, path: str) -> Response:
        asked = Path(path)
        if below(asked, recordings.folder):
            opened = await recordings.open(asked)
            if opened is not None:
                media_type = media_type_of(asked.name)
                return OpenFileAnswer(
                    opened,
                    asked.name,
                    media_type=media_type or "application/octet-stream",
                    content_disposition_type="inline" if media_type else "attachment",
                    headers=PRIVATE,
                )
        elif asked.parent in (*kept, _partition(node.settings.output_dir, asked.name)):
            # Wherever it lies by now: what was spooled has its place in the shared folder.
            caller = caller_of(request.scope)
            return await output_answer(node.service.store, asked.name, caller)
        raise HTTPException(403, f"File not allowed: {path}.")

    return router


def _partition(folder: Path, name: str) -> Path | None:
    """The folder of an output's partition; None where no output is called that."""
    parsed = parse_audio_name(name)
    return folder / partition_of(parsed[0]) if parsed else None
