"""Start and end of the speech in a recording."""

import numpy as np
from numpy.typing import NDArray

from app.audio.recording import Recording
from app.sound.samples import Samples

FRAME = 0.02
"""Seconds."""
_MARGIN = 0.15
"""Seconds of quiet kept on either side: a voice begins and ends in breath, not at once."""
_BELOW_PEAK = 10 ** (-40 / 20)
_AUDIBLE = 10 ** (-60 / 20)


class Levels:
    """Loudness of each frame of a sound (root mean square); the sound comes in pieces."""

    def __init__(self, rate: int) -> None:
        self._size = frame_size(rate)
        self._rest = np.zeros(0, np.float32)
        self._found: list[NDArray[np.float64]] = []

    def add(self, samples: Samples) -> None:
        """The next piece, of any length."""
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // self._size * self._size
        self._measure(sound[:whole])
        self._rest = sound[whole:]

    def all(self) -> NDArray[np.float64]:
        """Levels of the whole sound; a last frame that is not full ends in silence."""
        self._measure(np.pad(self._rest, (0, -len(self._rest) % self._size)))
        self._rest = self._rest[:0]
        return np.concatenate(self._found)

    def _measure(self, samples: Samples) -> None:
        frames = samples.reshape(-1, self._size)
        self._found.append(np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1)))


def frame_size(rate: int) -> int:
    """Samples of a frame."""
    return max(1, round(FRAME * rate))


def speech_span(recording: Recording) -> tuple[int, int] | None:
    """First sample and the one after the last of what is not silence; None if all is silent.

    Silent is what is 40 dB below the loudest 20 ms, or under -60 dB of full scale.
    """
    levels, size = recording.levels, frame_size(recording.rate)
    loudest = float(levels.max(initial=0.0))
    if loudest < _AUDIBLE:
        return None
    heard = np.flatnonzero(levels > max(loudest * _BELOW_PEAK, _AUDIBLE))
    margin = round(_MARGIN * recording.rate)
    start = max(0, int(heard[0]) * size - margin)
    end = min(recording.length, (int(heard[-1]) + 1) * size + margin)
    return start, end
