"""Words of a text in time, from the times of its phonemes.

A sentence's phonemes are not those of its words one by one: vowels become weak, two words become
one sound. So the words are said one by one as well, and what that gives is compared with what the
sentence has.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Protocol

from ...captions.spans import word_spans
from ...sound.timed import Word

_UNSAID = frozenset(' ,.;:!?—…"“”()')
"""Phonemes of the model that are pauses."""


class PhonemeTiming(Protocol):
    """A phoneme in time (``kokoro_onnx.sliding.Timing``)."""

    @property
    def phoneme(self) -> str: ...
    @property
    def start(self) -> float:
        """Seconds."""
        ...

    @property
    def end(self) -> float:
        """Seconds."""
        ...


def timed_words(
    text: str, phonemes_of: Callable[[str], str], timings: Sequence[PhonemeTiming], rate: int
) -> tuple[Word, ...]:
    """The words of ``text`` in samples at ``rate`` Hz. ``phonemes_of`` gives those of one word."""
    texts = [text[begin:end] for begin, end in word_spans(text)]
    said = [timing for timing in timings if timing.phoneme not in _UNSAID]
    alone = [
        "".join(sound for sound in phonemes_of(word) if sound not in _UNSAID) for word in texts
    ]
    borders = _borders(alone, "".join(timing.phoneme for timing in said))
    words: list[Word] = []
    now = 0
    for word, begin, end in zip(texts, borders, borders[1:], strict=False):
        if begin < end:
            start, now = round(said[begin].start * rate), round(said[end - 1].end * rate)
        else:
            start = now
        words.append(Word(word, start, now))
    return tuple(words)


def _borders(parts: Sequence[str], whole: str) -> list[int]:
    """Offsets in ``whole`` at which the parts begin, and its length: ``whole`` is nearly the parts
    one after the other."""
    joined = "".join(parts)
    steps = SequenceMatcher(None, joined, whole, autojunk=False).get_opcodes()
    begins = [step[1] for step in steps]
    borders, place = [0], 0
    for part in parts[:-1]:
        place += len(part)
        found = bisect_right(begins, place) - 1
        _, begin, end, begin_there, end_there = steps[found]
        share = (place - begin) / max(1, end - begin)
        borders.append(round(begin_there + min(1, share) * (end_there - begin_there)))
    return [*borders, len(whole)]
