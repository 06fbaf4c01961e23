"""An engine with every mode and short tones, found through its entry point.

What was asked for is heard: mode, voice, instruction, speed and seed change the tone. The text
`slow SECONDS` takes that long, and `until FILE` until there is that file. `STUDIO_ENGINE_LACKS`
names capabilities and modes to leave out, with commas.
"""

import os
import time
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from cosyvoice_cluster.app.engines.interface import (
    Capability,
    Choice,
    ClipLimits,
    EngineInfo,
    Mode,
    Samples,
    SynthesisRequest,
    TimedSamples,
    Voice,
    Word,
)

RATE = 24000
_LACKS = frozenset(filter(None, os.environ.get("STUDIO_ENGINE_LACKS", "").split(",")))


def _tone(request: SynthesisRequest) -> float:
    """Hz that follow from everything that was asked for."""
    clips = [clip.digest for clip in (request.reference, request.source) if clip]
    asked = (request.mode, request.voice, request.instruction, request.seed, *clips)
    return 200.0 + zlib.crc32(repr(asked).encode()) % 400


class StudioEngine:
    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        return (piece.samples for piece in self.timed(request))

    def timed(self, request: SynthesisRequest) -> Iterator[TimedSamples]:
        """Its words, told at the end, share the time."""
        length = 0
        for samples in self._sound(request):
            length += len(samples)
            yield TimedSamples(samples)
        texts = request.text.split()
        ends = [length * place // max(1, len(texts)) for place in range(len(texts) + 1)]
        words = [Word(text, *times) for text, times in zip(texts, pairwise(ends), strict=True)]
        yield TimedSamples(np.zeros(0, np.float32), tuple(words))

    def _sound(self, request: SynthesisRequest) -> Iterator[Samples]:
        what, _, argument = request.text.partition(" ")
        pieces = max(4, min(40, len(request.text)))
        pause = 0.0
        if what == "slow":
            pieces, pause = int(float(argument) * 10), 0.1
        samples = np.arange(int(RATE / 10 / request.speed), dtype=np.float32)
        piece = np.sin(samples * np.float32(2 * np.pi * _tone(request) / RATE)) / np.float32(3)
        piece = piece * np.hanning(len(piece)).astype(np.float32)
        while what == "until" and not Path(argument).exists():
            time.sleep(0.1)
            yield piece
        for _ in range(pieces):
            time.sleep(pause)
            yield piece


class StudioPlugin:
    def describe(self) -> EngineInfo:
        modes = frozenset(mode for mode in Mode if mode not in _LACKS)
        return EngineInfo(
            name="studio",
            title="Studio",
            sample_rate=RATE,
            voices=(
                Voice("amy", "艾米", "Amy", "en-US"),
                Voice("ming", "小明", "Ming", "zh-CN"),
            ),
            capabilities=frozenset(
                able
                for able in Capability
                if able not in (_LACKS | {Capability.SPEED_WHILE_STREAMING})
            ),
            warm_up_text="hello",
            modes=modes,
            dialects=(
                Choice("请用四川话表达。", "四川话", "Sichuanese"),
                Choice("请用广东话表达。", "广东话", "Cantonese"),
            ),
            styles=(
                Choice("请非常开心地说一句话。", "开心", "Happy"),
                Choice("请用尽可能慢地语速说一句话。", "慢", "Slow"),
            ),
            languages=(Choice("zh", "中文", "Chinese"), Choice("en", "英语", "English")),
            clips=ClipLimits(shortest=1, longest=30, lowest_rate=16000, sample_rate=RATE),
        )

    def load(self) -> StudioEngine:
        return StudioEngine()


plugin = StudioPlugin()
