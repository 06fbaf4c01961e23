"""Change a recording's sample rate with torchaudio."""

import numpy as np

from app.audio.torchaudio_import import import_torchaudio
from app.sound.samples import Samples


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """Mono sound at ``wanted`` Hz (band-limited sinc interpolation).

    Raises ImportError where torch is not installed: only engines that need it take recordings.
    """
    if rate == wanted:
        return samples
    import torch

    functional = import_torchaudio().functional
    with torch.inference_mode():
        sound: Samples = functional.resample(torch.from_numpy(samples), rate, wanted).numpy()
    return np.ascontiguousarray(sound, dtype=np.float32)
