"""A text taken apart into plain stretches and marks."""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.annotations.marks import EVENTS, PHONEMES, SPANS
from app.annotations.syllables import FINALS, INITIALS, Syllable, exists

BRACKETS = re.compile(r"\[([^\[\]]*)\]")
TAGS = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_-]*)>")
_MARK = re.compile(f"{BRACKETS.pattern}|{TAGS.pattern}")


class Kind(StrEnum):
    """Kind of a stretch of text."""

    TEXT = "text"
    PINYIN = "pinyin"
    """One syllable, ``[h][ào]``: said instead of a character."""
    PHONEME = "phoneme"
    """One CMU phoneme, ``[AY0]``: neighbours are one word, said instead of the written one."""
    EVENT = "event"
    """A sound, ``[breath]``, or an end of a way of speaking, ``<strong>``, ``</strong>``."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text. The segments of a text, joined, are the text."""

    kind: Kind
    text: str
    """As it stands in the text, brackets and all."""
    start: int
    """Offset of its first character in the text."""
    syllable: Syllable | None = None
    """The syllable of a ``Kind.PINYIN``."""

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """A phoneme or an event without its brackets; ``/strong`` closes what ``strong`` opens."""
        return self.text.strip("[]<>")


def parse(text: str) -> list[Segment]:
    """The segments of a text, in order, never empty ones.

    Never raises: a wrong mark is ordinary text, as it is to CosyVoice. ``check`` finds those.
    """
    segments: list[Segment] = []
    told = 0
    for mark in _marks(text):
        if mark.start > told:
            segments.append(Segment(Kind.TEXT, text[told : mark.start], told))
        segments.append(mark)
        told = mark.end
    if told < len(text):
        segments.append(Segment(Kind.TEXT, text[told:], told))
    return segments


def _marks(text: str) -> list[Segment]:
    marks: list[Segment] = []
    initial: re.Match[str] | None = None
    for match in _MARK.finditer(text):
        begun = initial if initial and initial.end() == match.start() else None
        initial = None
        token, _, tag = match.groups()
        if token in INITIALS:
            initial = match
        elif syllable := _syllable(begun[1] if begun else "", token):
            start = begun.start() if begun else match.start()
            marks.append(Segment(Kind.PINYIN, text[start : match.end()], start, syllable))
        elif token in PHONEMES:
            marks.append(Segment(Kind.PHONEME, match[0], match.start()))
        elif token in EVENTS or tag in SPANS:
            marks.append(Segment(Kind.EVENT, match[0], match.start()))
    return marks


def _syllable(initial: str, token: str | None) -> Syllable | None:
    if token not in FINALS:
        return None
    final, tone = FINALS[token]
    return Syllable(initial, final, tone) if exists(initial, final) else None
