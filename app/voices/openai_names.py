"""OpenAI's voice names, which its clients send by default, and the voices that stand in."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

OPENAI_VOICES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)
"""The names of https://platform.openai.com/docs/guides/text-to-speech, in a fixed order."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def language(self) -> str:
        """BCP 47 tag, or empty."""
        ...


_Voice = TypeVar("_Voice", bound=_Named)


def stand_in(name: str, language: str, voices: Sequence[_Voice]) -> _Voice:
    """The voice for one of ``OPENAI_VOICES`` and a text in ``language``, a primary subtag.

    One of that language where there is one, else of none, else any; of those the one of that very
    name (Kokoro's ``af_alloy``), else by the name's place in the list, so that a client's two
    names are two voices where there are two, and the same ones on every node. ``voices`` has at
    least one.
    """
    fitting = (
        [voice for voice in voices if primary(voice.language) == language]
        or [voice for voice in voices if not voice.language]
        or list(voices)
    )
    if namesake := next((one for one in fitting if one.id.rpartition("_")[2] == name), None):
        return namesake
    # One region: Cantonese is zh-HK, and no reader of a Mandarin text.
    fitting = [voice for voice in fitting if voice.language == fitting[0].language]
    return fitting[OPENAI_VOICES.index(name) % len(fitting)]


def primary(tag: str) -> str:
    """The primary language subtag of a BCP 47 tag (RFC 5646, 2.2.1); Mandarin's own is ``zh``."""
    subtag = tag.split("-")[0].lower()
    return "zh" if subtag == "cmn" else subtag
