"""A recording as a picture's worth of numbers."""

import numpy as np

from app.sound.samples import Samples


def peaks(samples: Samples, columns: int) -> tuple[float, ...]:
    """The greatest absolute sample in each of ``columns`` equal parts (fewer for a tiny clip)."""
    parts = np.array_split(np.abs(samples), min(columns, max(1, len(samples))))
    return tuple(round(float(part.max(initial=0.0)), 4) for part in parts)
