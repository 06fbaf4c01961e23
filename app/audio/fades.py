"""Soft ends, so that a cut is not heard as a click."""

import numpy as np

from app.sound.samples import Samples


def faded(samples: Samples, rate: int, seconds: float) -> Samples:
    """The sound with a raised-cosine fade of ``seconds`` at both ends (half of it at most)."""
    length = min(round(seconds * rate), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(
        np.float32
    )
    result = samples.copy()
    result[:length] *= ramp
    result[len(samples) - length :] *= ramp[::-1]
    return result
