"""Facts of an output that several views show: its voice and its waveform."""

from html import escape

import numpy as np

from app.engines.interface import EngineInfo
from app.web.words import both, said

BARS = 96


def peaks_of(pcm: bytes, bars: int = BARS) -> list[float]:
    """The loudest sample of each of ``bars`` equal parts, 0 to 1, of signed 16-bit mono samples.

    Quiet recordings are drawn as high as loud ones: a waveform shows where something is.
    """
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.float32))
    if not samples.size:
        return []
    parts = np.array_split(samples, min(bars, samples.size))
    found = np.array([part.max() for part in parts])
    return [float(peak) for peak in found / max(float(found.max()), 1.0)]


def voice_name(voice_id: str, engine: EngineInfo) -> str:
    """Name a voice in both languages; by its id where this engine does not know it, as happens with
    outputs of another engine or release."""
    if not voice_id:
        return both("reference")
    voice = engine.voice(voice_id)
    return said(voice.name_zh, voice.name_en) if voice else escape(voice_id)
