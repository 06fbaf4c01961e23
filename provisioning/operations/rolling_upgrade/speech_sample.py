"""A test sentence spoken by a node, and the test that it is speech. Pure."""

from dataclasses import dataclass

from provisioning.facts.speech import Speech
from provisioning.operations.verify.speech_quality import flaw


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
        return flaw(self.length, self.level, self.contrast)


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
