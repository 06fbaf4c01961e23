"""Validation of words: the text, an instruction, the words of a recording."""

from ..engines.interface import Mode
from ..reading import as_read
from ..speech_request import SpeechRequest
from ..text import speakable

_INSTRUCTION_LIMIT = 500
"""Characters. CosyVoice reads a long instruction aloud instead of following it."""
_NAME_LIMIT = 64
"""Characters."""
_TRANSCRIPT_LIMIT = 1000
"""Characters: thirty seconds of fast speech have a third of that."""


def text_of(ask: SpeechRequest, mode: Mode, limit: int, language: str) -> str:
    """The text as an engine gets it, to be read in ``language`` (a primary subtag, or empty); empty
    where the words come from a recording."""
    if mode is Mode.CONVERT:
        return ""
    text = speakable(ask.text, limit)
    return speakable(as_read(text, language), limit) if ask.normalize else text


def instruction_of(ask: SpeechRequest) -> str:
    """The instruction as an engine gets it."""
    if not ask.instruction:
        return ""
    return speakable(ask.instruction, _INSTRUCTION_LIMIT, field="instructions")


def transcript_of(text: str) -> str:
    """The words of a recording as an engine gets them; none are fine."""
    return speakable(text, _TRANSCRIPT_LIMIT, field="reference_text") if text.strip() else ""


def name_of(text: str) -> str:
    """Validate the name of a registered voice: one line."""
    return " ".join(speakable(text, _NAME_LIMIT, field="name").split())
