"""Work for a client who has hung up is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from fastapi import HTTPException
from starlette.types import Receive

_Result = TypeVar("_Result")
# nginx's number for it; nobody is there to read the answer, the access log shows it.
_CLIENT_CLOSED_REQUEST = 499


class ClientGoneError(HTTPException):
    """The client has closed the connection."""

    def __init__(self) -> None:
        super().__init__(_CLIENT_CLOSED_REQUEST, "client closed the connection")


async def unless_disconnected(receive: Receive, work: Coroutine[None, None, _Result]) -> _Result:
    """The result of ``work``, which is cancelled when the client goes away first.

    The request's body must have been read. Raises ``ClientGoneError``, and what ``work`` raises.
    """
    task = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        watcher.cancel()
        if task.cancel():
            await asyncio.wait({task})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
