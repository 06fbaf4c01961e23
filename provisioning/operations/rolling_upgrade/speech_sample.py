"""A test sentence spoken by a node, and the test that it is speech. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...facts.app.speech import Speech
from ...model.derived.nodes import Node
from ..verify.speech_quality import flaw


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
    """Reason why there is no sound."""

    def problem(self, host: str) -> str:
        """Say why this is not speech by ``host``; empty where it is."""
        if self.error:
            return self.error
        if self.node and self.node != host:
            return f"{self.node} answered instead"
        return flaw(self.length, self.level, self.contrast)

    def by_host(self, node: Node) -> "SpeechSample":
        """The same, said of the real server that ``node`` runs on, where that one spoke."""
        return replace(self, node=node.host) if self.node == node.name else self


def worst(samples: Sequence[SpeechSample], host: str) -> SpeechSample:
    """Of what the nodes of a host said, what is no speech by it; else what took longest."""
    wrong = [sample for sample in samples if sample.problem(host)]
    return wrong[0] if wrong else max(samples, key=lambda sample: sample.seconds)


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
