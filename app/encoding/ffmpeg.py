"""Encoders of FFmpeg, through PyAV: its wheels carry the libraries, so no program is needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

_BUFFER = 4096
"""Bytes FFmpeg gathers before it writes; each packet is written out anyway."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a file format. Names are FFmpeg's."""

    container: str
    codec: str
    bit_rate: int | None = None
    """Bits a second; None where the codec is lossless."""
    sample_rate: int | None = None
    """Hz the codec demands; None takes the sound's own, or the next one above that it knows."""
    container_options: Mapping[str, str] = field(default_factory=dict)


class _Sink:
    """Output file for FFmpeg: it has no ``seek``, so nothing that was written is changed later."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class Track:
    """The one track of a container that is being written. ``sample_rate`` in Hz is that of the
    sound."""

    def __init__(self, container: OutputContainer, recipe: Recipe, sample_rate: int) -> None:
        self._container = container
        self._sample_rate = sample_rate
        rate = recipe.sample_rate or _rate(recipe.codec, sample_rate)
        stream = container.add_stream(recipe.codec, rate=rate, layout="mono")
        self._stream = cast(AudioStream, stream)
        codec = self._stream.codec_context
        if recipe.bit_rate:
            codec.bit_rate = recipe.bit_rate
        # Known only when it is open: how many samples the codec takes at a time.
        codec.open()
        self._resampler = AudioResampler(
            codec.format, "mono", rate, frame_size=codec.frame_size or None
        )

    def write(self, pcm: bytes) -> None:
        """Add mono signed 16-bit little-endian samples."""
        samples = np.frombuffer(pcm, "<i2").astype(np.int16, copy=False)[np.newaxis]
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = self._sample_rate
        self._encode(self._resampler.resample(frame))

    def end(self) -> None:
        """Write what is left, and the container's end."""
        self._encode(self._resampler.resample(None))
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _encode(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._container.mux(self._stream.encode(frame))


class FfmpegEncoder:
    """An ``app.encoding.encoder.Encoder`` by FFmpeg. ``sample_rate`` in Hz is that of the sound."""

    def __init__(self, recipe: Recipe, sample_rate: int) -> None:
        self._sink = _Sink()
        options = {"flush_packets": "1", **recipe.container_options}
        container = av.open(
            self._sink, "w", format=recipe.container, options=options, buffer_size=_BUFFER
        )
        self._track = Track(container, recipe, sample_rate)

    def feed(self, pcm: bytes) -> bytes:
        if pcm:
            self._track.write(pcm)
        return self._sink.take()

    def finish(self) -> bytes:
        self._track.end()
        return self._sink.take()


def _rate(codec: str, wanted: int) -> int:
    known = av.codec.Codec(codec, "w").audio_rates
    if known is None or wanted in known:
        return wanted
    return min((rate for rate in known if rate > wanted), default=max(known))
