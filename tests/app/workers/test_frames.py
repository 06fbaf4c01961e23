import asyncio
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workers import frames
from app.workers.frames import Frame, FrameError


async def _read(data: bytes) -> Frame | None:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return await frames.read(stream)


@given(st.text(max_size=30), st.binary(max_size=300))
def test_both_sides_read_what_is_written(text: str, payload: bytes) -> None:
    frame = Frame("speak", {"text": text, "speed": 1.5}, payload)
    assert asyncio.run(_read(frame.encoded())) == frame
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frame.encoded())
        assert frames.receive(theirs) == frame


def test_an_end_in_the_middle_is_an_end() -> None:
    data = Frame("audio", {}, b"1234").encoded()
    for length in (0, 3, 8, len(data) - 1):
        assert asyncio.run(_read(data[:length])) is None


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", 1 << 30, 0),
        struct.pack("!II", 3, 0) + b"{{{",
        struct.pack("!II", 2, 0) + b"[]",
        struct.pack("!II", 2, 0) + b"{}",
    ],
)
def test_what_is_no_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(FrameError):
        asyncio.run(_read(data))
