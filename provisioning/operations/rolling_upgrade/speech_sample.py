"""A test sentence spoken by a node, and the test that it is speech. Pure."""

from dataclasses import dataclass

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


def parse_sample(answer: dict[str, object]) -> SpeechSample:
    """Parse the output of the speech probe."""
    if "error" in answer:
        status = f"HTTP status {answer['status']}: " if "status" in answer else ""
        return SpeechSample(str(answer.get("node") or ""), error=f"{status}{answer['error']}")

    def number(key: str) -> float:
        return float(str(answer[key]))

    return SpeechSample(
        str(answer.get("node") or ""),
        number("seconds"),
        number("length"),
        number("level"),
        number("loudest") - number("softest"),
    )
