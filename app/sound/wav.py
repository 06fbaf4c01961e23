"""RIFF WAVE files: finished ones, and streams whose length nobody knows yet."""

import io
import struct
import wave

from app.sound.pcm import SAMPLE_BYTES

_UNKNOWN = 0xFFFFFFFF
_PCM = 1
_CHANNELS = 1


def wav(pcm: bytes, sample_rate: int) -> bytes:
    """Pack mono signed 16-bit little-endian samples at ``sample_rate`` Hz into a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(_CHANNELS)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(sample_rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def seconds(pcm: bytes, sample_rate: int) -> float:
    """Duration of such samples."""
    return len(pcm) / SAMPLE_BYTES / sample_rate


class WavEncoder:
    """An ``app.encoding.encoder.Encoder`` for a WAV stream. ``sample_rate`` in Hz.

    The two sizes in the header stand before the sound, and what is sent cannot be taken back. They
    hold 0xFFFFFFFF, the greatest value: FFmpeg and SoX write the same into a pipe, and players,
    Python's ``wave`` and FFmpeg read on to the end of the stream. Zero, the other custom, makes
    strict readers find no sound at all. A program that computes the duration from the header finds
    a nonsense of hours; a client that needs true sizes asks for a finished file (``wav``).
    """

    def __init__(self, sample_rate: int) -> None:
        self._header = _header(sample_rate)

    def feed(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self.feed(b"")


def _header(sample_rate: int) -> bytes:
    frame = _CHANNELS * SAMPLE_BYTES
    form = struct.pack(
        "<HHIIHH", _PCM, _CHANNELS, sample_rate, sample_rate * frame, frame, 8 * SAMPLE_BYTES
    )
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE")
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN)
    )
