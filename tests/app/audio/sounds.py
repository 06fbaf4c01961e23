"""Recordings for tests, made on the spot."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray


def speech_like(seconds: float, rate: int = 24000, level: float = 0.3) -> NDArray[np.float32]:
    """A buzz with syllables: harmonics of 120 Hz that swell four times a second."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 12))
    swell = 0.2 + 0.8 * np.sin(np.pi * 4 * time) ** 2
    sound = buzz * swell
    found: NDArray[np.float32] = (sound / np.abs(sound).max() * level).astype(np.float32)
    return found


def silence(seconds: float, rate: int = 24000) -> NDArray[np.float32]:
    return np.zeros(round(seconds * rate), np.float32)


def write(
    path: Path,
    sound: NDArray[np.float32],
    rate: int = 24000,
    codec: str = "pcm_s16le",
    container: str | None = None,
) -> Path:
    """Encode `sound` (samples, or channels × samples) with the container of the file's suffix."""
    channels = np.atleast_2d(sound)
    layout = {1: "mono", 2: "stereo"}[len(channels)]
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels, np.float32), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout=layout,
            rate=stream.codec_context.rate,
            frame_size=stream.codec_context.frame_size or 0,
        )
        for ready in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(ready))
        file.mux(stream.encode(None))
    return path
