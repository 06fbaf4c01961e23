"""An answer that begins before its end is known."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .connections.disconnect import ClientGoneError, unless_disconnected
from .errors import SpeechError

_log = logging.getLogger("app.api")


async def prefetch(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same pieces, made as fast as they can be: a slow listener never holds up a worker.

    What is not heard yet is kept in memory; a text's greatest length bounds it.
    """
    made: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    async def make() -> None:
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    made.put_nowait(piece)
        except Exception as error:
            made.put_nowait(error)
        else:
            made.put_nowait(None)

    maker = asyncio.create_task(make())
    try:
        while (piece := await made.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        if maker.cancel():
            await asyncio.wait({maker})


class LiveAnswer(Response):
    """Answer that is sent in parts as they come; their making stops when the client goes away.

    After the first byte a status can no longer tell of a failure. So the answer then breaks off
    without HTTP's end of body, which every client reports, instead of looking like a short file.
    """

    def __init__(
        self, parts: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str]
    ) -> None:
        self._parts = parts
        # nginx would gather the parts otherwise.
        super().__init__(None, 200, {**headers, "X-Accel-Buffering": "no"}, media_type)
        # Its length is not known, and Response has counted the empty body.
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the answer; see the ASGI specification."""
        try:
            async with aclosing(self._parts):
                await unless_disconnected(receive, self._send(send))
        except ClientGoneError:
            _log.info("the client has gone, the work is stopped")
        except SpeechError as error:
            _log.warning("answer broken off: %s", error.en, extra={"code": error.code})
        except Exception:
            _log.exception("answer broken off by an unexpected error")

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
