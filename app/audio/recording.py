"""Measurements of a recording that was decoded from its beginning to its end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound as it was recorded; the samples themselves are not kept."""

    length: int
    """Samples of one channel."""
    rate: int
    """Hz."""
    channels: int
    """Channels before mixing."""
    peak: float
    """The greatest absolute sample of any channel."""
    clipping: float
    """Share of all samples, 0 to 1, that stand at full scale."""
    levels: NDArray[np.float64]
    """Loudness of each ``app.audio.silence.FRAME``, of all channels mixed."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.length / self.rate
