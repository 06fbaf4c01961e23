"""A sentence that the app is asked to speak, as sound. Pure but for reading package data."""

from dataclasses import dataclass

from ...model.inventory import Inventory
from ...node_api import SpeechBody, speech_body
from ...resources.base import Observation
from ..fact import Fact
from ..http_replies import HttpTarget
from ..probe import answer, python_probe

SENTENCE = "你好，这是集群的自检。Hello, this is the cluster speaking."

_QUEUE = 30
"""Seconds that a synthesis may take beyond the app's own limit, for waiting in the queue."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Measured sound. Levels are dB below full scale."""

    status: int | None = None
    node: str | None = None
    """Node that names itself as the one that made it."""
    seconds: float = 0.0
    """From the request to the last byte."""
    rate: int = 0
    """Samples a second."""
    length: float = 0.0
    """Seconds of sound."""
    level: float = 0.0
    loudest: float = 0.0
    softest: float = 0.0
    error: str = ""
    """Reason for which there is no sound."""


def patience(inventory: Inventory) -> int:
    """Seconds that a synthesis may take."""
    return inventory.app.job_timeout + _QUEUE


def speech(
    inventory: Inventory, target: HttpTarget, *, stream: bool | None = None, python: str = "python3"
) -> Fact[Speech]:
    """Sound of the sentence. Raises ``ProbeError``."""
    body: SpeechBody = speech_body(SENTENCE)
    if stream is not None:
        body["stream"] = stream
    asked = {**target.record(), "body": body, "timeout": patience(inventory)}
    return Fact("speech", python_probe("speech", asked, python=python), parse_speech)


def parse_speech(found: Observation) -> Speech:
    """The probe's measurement. Raises ``ProbeError``."""
    return Speech(**{key: value for key, value in answer(found).items() if key != "bytes"})
