"""Bodies of requests that are read before it is known where the request goes."""

from starlette.types import Message, Receive


async def read(receive: Receive, limit: int) -> tuple[bytes, bool]:
    """A request's body up to so many bytes, and whether that is all of it: the client may leave."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit or message["type"] == "http.disconnect":
            return bytes(body), False
        if not message.get("more_body", False):
            return bytes(body), True


def again(body: bytes, receive: Receive) -> Receive:
    """`receive`, with a body that was read already in front of it."""
    first = True

    async def listen() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return listen
