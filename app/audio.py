"""Sound as bytes."""

import io
import wave

import numpy as np

from app.engines.base import Samples


def pcm(samples: Samples) -> bytes:
    """Signed 16-bit little-endian; what is beyond full scale is clipped, not wrapped."""
    scaled = np.clip(samples * 32767.0, -32768, 32767)
    return bytes(scaled.astype("<i2").tobytes())


def wav(samples: Samples, sample_rate: int) -> bytes:
    """A RIFF WAVE file, mono, 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm(samples))
    return buffer.getvalue()
