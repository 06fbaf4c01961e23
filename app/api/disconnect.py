"""Work for a client who has hung up is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from fastapi import HTTPException, Request

_Result = TypeVar("_Result")
# nginx's number for it; nobody is there to read the answer, the access log shows it.
_CLIENT_CLOSED_REQUEST = 499


async def unless_disconnected(request: Request, work: Coroutine[None, None, _Result]) -> _Result:
    """The result of `work`, which is cancelled when the client goes away first.

    The request's body must have been read. Raises what `work` raises.
    """
    task = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise HTTPException(_CLIENT_CLOSED_REQUEST, "client closed the connection")
    finally:
        watcher.cancel()
        if task.cancel():
            await asyncio.wait({task})


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
