"""Judgement of a sound: whether it may be the test sentence. Pure."""

SHORTEST, LONGEST = 1.0, 60.0
"""Seconds that the sentence may take to say, at any plausible speed."""
SOFTEST = -45.0
"""dB below full scale; what a person can hear without turning it up is above."""
LEAST_CONTRAST = 10.0
"""dB between the loudest and the softest tenth; noise and tones have less, speech has pauses."""


def flaw(length: float, level: float, contrast: float) -> str:
    """Reason for which a sound is not speech; empty where it may be."""
    if not SHORTEST <= length <= LONGEST:
        return f"{length:.1f} s of sound does not fit the sentence"
    if level < SOFTEST:
        return f"the sound is silent ({level:.0f} dBFS)"
    if contrast < LEAST_CONTRAST:
        return "the sound is an even noise or tone, without the pauses of speech"
    return ""
