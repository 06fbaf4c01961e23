"""Speech as server-sent events, in OpenAI's words: deltas of sound, then ``done``.

An ``error`` event, in the shape of the API's other errors, takes the place of ``done``.
"""

import base64
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.api.errors import told
from app.errors import SpeechError

MEDIA_TYPE = "text/event-stream"
SCHEMA = {
    "type": "object",
    "description": "one event; `data` is JSON: speech.audio.delta with `audio` in base64, and in "
    "the end speech.audio.done or speech.audio.error",
    "properties": {"data": {"type": "string"}},
    "required": ["data"],
}
_log = logging.getLogger("app.api")


async def events(
    parts: AsyncGenerator[bytes, None], done: dict[str, object]
) -> AsyncGenerator[bytes, None]:
    """The events for parts of a file. ``done`` goes with the last; it is read when it is sent."""
    try:
        async with aclosing(parts):
            async for part in parts:
                audio = base64.b64encode(part).decode()
                yield _event({"type": "speech.audio.delta", "audio": audio})
    except SpeechError as error:
        _log.warning("stream ends with an error: %s", error.en, extra={"code": error.code})
        yield _event({"type": "speech.audio.error", "error": told(error)})
    else:
        yield _event({"type": "speech.audio.done", **done})


def _event(content: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False).encode() + b"\n\n"
