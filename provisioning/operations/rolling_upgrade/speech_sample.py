"""A test sentence spoken by a node, and the test that it is speech. Pure."""

from dataclasses import dataclass

from provisioning.facts.speech import Speech

SHORTEST, LONGEST = 1.0, 60.0
"""Seconds that the sentence may take to say, at any plausible speed."""
SOFTEST = -45.0
"""dB below full scale; what a person can hear without turning it up is above."""
LEAST_CONTRAST = 10.0
"""dB between loud and soft; noise and tones have less, speech has pauses."""


@dataclass(frozen=True, slots=True)
class SpeechSample:
    """The answer to a speech probe."""

    node: str = ""
    """Node that says it spoke."""
    seconds: float = 0.0
    """From the request to the last byte."""
    length: float = 0.0
    """Seconds of sound."""
    level: float = 0.0
    """dB below full scale."""
    contrast: float = 0.0
    """dB between the loudest and the softest tenth."""
    error: str = ""
    """Why there is no sound."""

    def problem(self, host: str) -> str:
        """Say why this is not speech by ``host``; empty where it is."""
        if self.error:
            return self.error
        if self.node and self.node != host:
            return f"{self.node} answered instead"
        if not SHORTEST <= self.length <= LONGEST:
            return f"{self.length:.1f} s of sound does not fit the sentence"
        if self.level < SOFTEST:
            return f"the sound is silent ({self.level:.0f} dBFS)"
        if self.contrast < LEAST_CONTRAST:
            return "the sound is an even noise or tone, without the pauses of speech"
        return ""


def sample_of(speech: Speech) -> SpeechSample:
    """Sample of a sentence that a node was asked to speak."""
    if speech.error:
        status = f"HTTP status {speech.status}: " if speech.status else ""
        return SpeechSample(speech.node or "", error=f"{status}{speech.error}")
    return SpeechSample(
        speech.node or "",
        speech.seconds,
        speech.length,
        speech.level,
        speech.loudest - speech.softest,
    )
