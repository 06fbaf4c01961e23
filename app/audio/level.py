"""Bring a recording to the loudness of ordinary speech.

A cloned voice is as loud as its reference, and a phone at arm's length is 20 dB below a studio.
The measure is the level of the frames that hold speech, in the manner of ITU-T P.56. (torchaudio's
BS.1770 loudness is a recursive filter that without its compiled extension runs sample by sample in
Python: a minute for a clip.)
"""

import numpy as np

from app.sound.samples import Samples

_FRAME = 0.05
_GATE = 10 ** (-20 / 20)
_TARGET = 10 ** (-23 / 20)
_MOST_GAIN = 10 ** (26 / 20)
_HIGHEST_PEAK = 0.8


def levelled(samples: Samples, rate: int) -> Samples:
    """The same sound at about -23 dB of full scale while it speaks, with peaks of 0.8 at most."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0:
        return samples
    gain = min(_TARGET / _speech_level(samples, rate), _MOST_GAIN, _HIGHEST_PEAK / peak)
    return samples * np.float32(gain)


def _speech_level(samples: Samples, rate: int) -> float:
    """Root mean square of the frames within 20 dB of the loudest."""
    size = max(1, min(len(samples), round(_FRAME * rate)))
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    powers = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return float(np.sqrt(powers[powers >= powers.max() * _GATE**2].mean()))
