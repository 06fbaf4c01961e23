"""Messages between web process and workers: a JSON header and bytes, length-prefixed.

Parent to worker: ``speak`` (request_id, request), ``rehearse`` (its first words), ``cancel``.
Worker to parent: ``ready``, ``unavailable`` (message) once; then for each ``speak`` or ``rehearse``
one ``started``, any number of ``audio`` (end: how many bytes of sound there are by now in the file
of ``app.workers.sound_memory``: mono signed 16-bit little-endian samples), each followed by
``words`` (text, start and end in samples of each) where they were asked for, and one ending:
``done``, ``cancelled``, ``refused`` (en, zh) or ``failed`` (message, out_of_memory). Nodes write
the same frames to each other; ``app.lending.message`` says which.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import NodeError

_LENGTHS = struct.Struct("!II")
_HEADER_LIMIT = 1 << 20
_PAYLOAD_LIMIT = 1 << 20
AUDIO_BYTES = 1 << 16
"""Nodes send audio in payloads of at most this many bytes."""

ENDINGS = frozenset({"done", "cancelled", "refused", "failed"})


class FrameError(NodeError):
    """The other side sent something that is not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message."""

    kind: str
    fields: dict[str, object]
    payload: bytes = b""

    def encoded(self) -> bytes:
        """The message as it travels."""
        header = json.dumps({"kind": self.kind, **self.fields}).encode()
        return _LENGTHS.pack(len(header), len(self.payload)) + header + self.payload


def _lengths(data: bytes) -> tuple[int, int]:
    header, payload = _LENGTHS.unpack(data)
    if header > _HEADER_LIMIT or payload > _PAYLOAD_LIMIT:
        raise FrameError(f"a frame of {header} + {payload} bytes is too long")
    return header, payload


def _frame(header: bytes, payload: bytes) -> Frame:
    try:
        fields = json.loads(header)
        return Frame(str(fields.pop("kind")), fields, payload)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise FrameError(f"a frame has a header that cannot be read: {error}") from error


async def read(stream: asyncio.StreamReader) -> Frame | None:
    """The next message, or None at the end. Raises ``FrameError``."""
    try:
        header, payload = _lengths(await stream.readexactly(_LENGTHS.size))
        return _frame(await stream.readexactly(header), await stream.readexactly(payload))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def taken_from(data: bytearray) -> Iterator[Frame]:
    """The whole messages at the beginning of ``data``, which are removed from it. Raises
    ``FrameError``."""
    while len(data) >= _LENGTHS.size:
        header, payload = _lengths(bytes(data[: _LENGTHS.size]))
        begin, end = _LENGTHS.size, _LENGTHS.size + header + payload
        if len(data) < end:
            return
        frame = _frame(bytes(data[begin : begin + header]), bytes(data[begin + header : end]))
        del data[:end]
        yield frame


def receive(connection: socket.socket) -> Frame | None:
    """The next message, waiting for it, or None at the end. Raises ``FrameError``."""
    try:
        header, payload = _lengths(_exactly(connection, _LENGTHS.size))
        return _frame(_exactly(connection, header), _exactly(connection, payload))
    except (EOFError, ConnectionError):
        return None


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
