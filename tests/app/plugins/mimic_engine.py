"""An engine with every mode that gives back the recordings it got, so that tests can tell.

Without a recording it says a tone. A text of `crash` ends its process.
"""

import ctypes
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cosyvoice_cluster.app.engines.interface import (
    Capability,
    ClipLimits,
    EngineInfo,
    Mode,
    Samples,
    SynthesisRequest,
    Voice,
)

RATE = 16000


def _sound(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return pcm.astype(np.float32) / np.float32(32768)


class MimicEngine:
    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        if request.text == "crash":
            ctypes.string_at(0)
        clips = [clip for clip in (request.source, request.reference) if clip is not None]
        for clip in clips:
            yield _sound(clip.path)
        if not clips:
            yield np.sin(np.arange(RATE // 10, dtype=np.float32) * np.float32(0.35)) / 2


class MimicPlugin:
    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="mimic",
            title="Mimic",
            sample_rate=RATE,
            voices=(Voice("tone", "纯音", "Tone", "zh-CN"),),
            capabilities=frozenset(
                {Capability.SPEED, Capability.SEED, Capability.STREAMING, Capability.PINYIN}
            ),
            warm_up_text="hello",
            modes=frozenset(Mode),
            clips=ClipLimits(shortest=0.5, longest=10, lowest_rate=16000, sample_rate=RATE),
        )

    def load(self) -> MimicEngine:
        return MimicEngine()


plugin = MimicPlugin()
