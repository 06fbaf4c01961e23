"""An offline recogniser of English speech: another opinion on what is said, and when."""

import re

import numpy as np
import pytest

from app.engines.kokoro.engine import SAMPLE_RATE
from app.sound.samples import Samples


def recognised(samples: Samples) -> list[tuple[str, float]]:
    """The words that are heard, and the second at which each begins."""
    pocketsphinx = pytest.importorskip("pocketsphinx")
    # To its 16 kHz: speech has little above 8 kHz, so straight lines between samples do.
    at = np.arange(0, len(samples), SAMPLE_RATE / 16000)
    pcm = np.interp(at, np.arange(len(samples)), samples) * 26000
    decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(pcm.astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    # "the(2)" is another way to say it; <sil>, [NOISE] are none.
    found = [(re.sub(r"\(\d+\)$", "", each.word), each.start_frame / 100) for each in decoder.seg()]
    return [(word, start) for word, start in found if word[0].isalpha()]
