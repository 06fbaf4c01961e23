"""What a waveform is drawn from."""

import numpy as np

BARS = 96


def peaks_of(pcm: bytes, bars: int = BARS) -> list[float]:
    """The loudest sample of each of `bars` equal parts, 0 to 1, of signed 16-bit mono samples.

    Quiet recordings are drawn as high as loud ones: a waveform shows where something is.
    """
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.float32))
    if not samples.size:
        return []
    parts = np.array_split(samples, min(bars, samples.size))
    found = np.array([part.max() for part in parts])
    return [float(peak) for peak in found / max(float(found.max()), 1.0)]
