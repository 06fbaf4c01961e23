"""A forwarded stream of Gradio's events that ends well when the node that made it has gone.

A stream that breaks makes Gradio's page reload, and what was typed is lost. One that tells of every
job that it failed does not, and programs get an error instead of waiting. Checked against Gradio
6.31: ``gradio/server_messages.py``, the page's client, and ``gradio_client``.
"""

import json
import re

from starlette.types import Message, Send

_EVENT = re.compile(rb'data:\s*\{\s*"msg":\s*"(?P<msg>\w+)",\s*"event_id":\s*"(?P<event>[^"]+)"')
_TOLD = "the node that ran this job has gone; run it again"
NODE_GONE = "node_gone"
"""Beside the output of a job that failed for this reason; ``reconnect.js`` looks for it."""


class EventStream:
    """A ``send`` that lets only whole events pass. ``named`` is for a stream of one event of which
    the client knows the id: it has Gradio's other notation, in which each event has a name."""

    def __init__(self, send: Send, *, named: bool) -> None:
        self._send = send
        self._named = named
        self._rest = b""
        self._open: dict[bytes, None] = {}
        self._plain = False
        """True if this is a stream of events, as they are."""

    async def __call__(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            kind = headers.get(b"content-type", b"")
            self._plain = kind.startswith(b"text/event-stream") and not headers.get(
                b"content-encoding"
            )
        elif self._plain:
            message = {**message, "body": self._whole(message)}
            if not message["body"] and message["more_body"]:
                return
        await self._send(message)

    async def end(self) -> bool:
        """The node has gone: say so and end. False where the answer is not a stream of events."""
        if not self._plain:
            return False
        await self._send({"type": "http.response.body", "body": self._ending(), "more_body": False})
        return True

    def _whole(self, message: Message) -> bytes:
        data: bytes = self._rest + message.get("body", b"")
        if not message.get("more_body", False):
            self._rest = b""
            return data
        end = data.rfind(b"\n\n")
        end = end + 2 if end >= 0 else 0
        whole, self._rest = data[:end], data[end:]
        for found in _EVENT.finditer(whole):
            if found["msg"] == b"process_completed":
                self._open.pop(found["event"], None)
            else:
                self._open[found["event"]] = None
        return whole

    def _ending(self) -> bytes:
        if self._named:
            return b"event: error\ndata: " + json.dumps(_TOLD).encode() + b"\n\n"
        said = [*map(_failed, self._open)] or [_lost()]
        said.append({"msg": "close_stream", "event_id": None})
        return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in said)


def _failed(event: bytes) -> dict[str, object]:
    return {
        "msg": "process_completed",
        "event_id": event.decode("utf-8", "replace"),
        # The page shows what is `visible`; `gradio_client` makes an exception of exactly this.
        "output": {"error": _TOLD, "visible": True, "duration": 10},
        "success": False,
        "title": "Error",
        NODE_GONE: True,
    }


def _lost() -> dict[str, object]:
    # What Gradio itself says when it stops: for all events of the session.
    return {
        "msg": "unexpected_error",
        "event_id": None,
        "message": "Server stopped unexpectedly.",
        "session_not_found": False,
        "success": False,
    }
