"""A RIFF WAVE file in memory."""

import io
import wave

SAMPLE_BYTES = 2


def wav(pcm: bytes, sample_rate: int) -> bytes:
    """Mono signed 16-bit little-endian samples at `sample_rate` Hz as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(sample_rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def seconds(pcm: bytes, sample_rate: int) -> float:
    """How long such samples sound."""
    return len(pcm) / SAMPLE_BYTES / sample_rate
