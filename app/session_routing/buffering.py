"""Requests and answers that are kept back until it is known what becomes of them."""

from collections.abc import Callable

from starlette.types import Message, Receive, Send


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
    """``receive``, with a body that was read already in front of it."""
    first = True

    async def listen() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return listen


class HeldAnswer:
    """A ``send`` that keeps a short answer back until ``release``. ``hold`` says, from the status,
    whether; what is not held is sent as it comes."""

    def __init__(self, send: Send, hold: Callable[[int], bool] = lambda status: True) -> None:
        self._send = send
        self._hold = hold
        self._messages: list[Message] = []
        self.held = False

    @property
    def body(self) -> bytes:
        """The answer's body so far."""
        return b"".join(message.get("body", b"") for message in self._messages)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The answer's headers, once it has begun."""
        return [pair for message in self._messages for pair in message.get("headers", ())]

    async def __call__(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            self.held = self._hold(message["status"])
        if self.held:
            self._messages.append(message)
        else:
            await self._send(message)

    async def release(self) -> None:
        """Send what was kept back."""
        for message in self._messages:
            await self._send(message)
        self._messages.clear()
