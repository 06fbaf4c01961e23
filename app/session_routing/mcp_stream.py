"""Sessions of MCP's older transport (HTTP with server-sent events), in which every message is a
request of its own.

Checked against Gradio 6.31 and mcp 1.30, ``mcp/server/sse.py``: the first event of the stream names
the address for messages, and in it the session. Over streamable HTTP Gradio keeps no session.
"""

import re
from collections.abc import Awaitable, Callable

from starlette.types import Message, Send

_ADDRESS = re.compile(rb"^event: endpoint\r?\ndata: [^\r\n]*[?&]session_id=(?P<session>\w+)")


class McpStream:
    """A ``send`` that calls ``begins`` with the session before the client gets to know it."""

    def __init__(self, send: Send, begins: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._begins = begins

    async def __call__(self, message: Message) -> None:
        """Take a message of the answer."""
        if found := _ADDRESS.match(message.get("body", b"")):
            await self._begins(found["session"].decode())
        await self._send(message)
