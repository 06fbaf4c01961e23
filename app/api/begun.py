"""Sound that has begun: an answer with it can no longer fail without having been tried."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request

from ..connections.disconnect import unless_disconnected
from ..sound.pcm import audible
from ..streaming import prefetch


async def begun(
    request: Request, making: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """The sound of ``making`` from its beginning, once something of it can be heard: what fails
    before that has a status, a silent answer too.

    Raises ``SpeechError``, ``ClientGoneError``.
    """
    pieces = prefetch(making)
    try:
        heard = await unless_disconnected(request.receive, _up_to_sound(pieces))
    except BaseException:
        await pieces.aclose()
        raise
    return _continued(heard, pieces)


async def _up_to_sound(pieces: AsyncGenerator[bytes, None]) -> bytes:
    heard = bytearray()
    async for piece in pieces:
        heard += piece
        if audible(piece):
            break
    return bytes(heard)


async def _continued(
    heard: bytes, pieces: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield heard
        async for piece in pieces:
            yield piece
