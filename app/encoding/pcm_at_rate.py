"""Bare samples at a rate that clients expect, whatever the engine's is."""

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from ..sound.pcm import PcmEncoder
from .encoder import Encoder

OPENAI_RATE = 24_000
"""Hz of ``pcm`` in OpenAI's API; its clients play it at that rate without asking."""


def pcm_encoder(sample_rate: int) -> Encoder:
    """Encoder to bare samples at ``OPENAI_RATE`` of sound at ``sample_rate`` Hz."""
    return PcmEncoder() if sample_rate == OPENAI_RATE else _Resampling(sample_rate)


class _Resampling:
    """By FFmpeg's swresample, which holds back a few milliseconds until ``finish``."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._resampler = AudioResampler(av.AudioFormat("s16"), "mono", OPENAI_RATE)

    def feed(self, pcm: bytes) -> bytes:
        if not pcm:
            return b""
        samples = np.frombuffer(pcm, "<i2").astype(np.int16, copy=False)[np.newaxis]
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = self._sample_rate
        return self._joined(frame)

    def finish(self) -> bytes:
        return self._joined(None)

    def _joined(self, frame: AudioFrame | None) -> bytes:
        return b"".join(
            part.to_ndarray().astype("<i2", copy=False).tobytes()
            for part in self._resampler.resample(frame)
        )
