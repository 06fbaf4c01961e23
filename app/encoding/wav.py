"""A RIFF WAVE file whose length nobody knows yet.

The two sizes in the header stand before the sound, and what is sent cannot be taken back. They
hold 0xFFFFFFFF, the greatest value: FFmpeg and SoX write the same into a pipe, and players,
Python's `wave` and FFmpeg read on to the end of the stream. Zero, the other custom, makes strict
readers find no sound at all. A program that computes the duration from the header finds a
nonsense of hours; whoever needs true sizes asks for a finished file (`app.outputs.wav`).
"""

import struct

_UNKNOWN = 0xFFFFFFFF
_PCM = 1
_CHANNELS, _SAMPLE_BYTES = 1, 2


class WavEncoder:
    """See `app.encoding.encoder.Encoder`. `sample_rate` in Hz."""

    def __init__(self, sample_rate: int) -> None:
        self._header = _header(sample_rate)

    def feed(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self.feed(b"")


def _header(sample_rate: int) -> bytes:
    frame = _CHANNELS * _SAMPLE_BYTES
    form = struct.pack(
        "<HHIIHH", _PCM, _CHANNELS, sample_rate, sample_rate * frame, frame, 8 * _SAMPLE_BYTES
    )
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE")
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN)
    )
