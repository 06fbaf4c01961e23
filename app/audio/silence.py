"""Where the speech in a recording begins and ends."""

import numpy as np

from app.engines.interface import Samples

_FRAME = 0.02
_MARGIN = 0.15
"""Seconds of quiet kept on either side: a voice begins and ends in breath, not at once."""
_BELOW_PEAK = 10 ** (-40 / 20)
_AUDIBLE = 10 ** (-60 / 20)


def speech_span(samples: Samples, rate: int) -> tuple[int, int] | None:
    """First sample and the one after the last of what is not silence; None if all is silent.

    Silent is what is 40 dB below the loudest 20 ms, or under -60 dB of full scale.
    """
    size = max(1, round(_FRAME * rate))
    padded = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size)
    levels = np.sqrt(np.mean(np.square(padded, dtype=np.float64), axis=1))
    loudest = float(levels.max(initial=0.0))
    if loudest < _AUDIBLE:
        return None
    heard = np.flatnonzero(levels > max(loudest * _BELOW_PEAK, _AUDIBLE))
    margin = round(_MARGIN * rate)
    start = max(0, int(heard[0]) * size - margin)
    end = min(len(samples), (int(heard[-1]) + 1) * size + margin)
    return start, end
