"""Events that eSpeak NG sends with its sound: when a word or a clause is said.

``espeak_EVENT`` in espeak-ng/speak_lib.h.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..captions.placing import placed
from ..captions.spans import word_spans
from ..sound.timed import Word

_LIST_TERMINATED = 0
_WORD = 1
_END = 5


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


@dataclass(slots=True)
class SpeechEvents:
    """Events of one utterance."""

    words: list[tuple[int, int]] = field(default_factory=list)
    """Offset in the text, and sample, of each beginning of a word; a number or an abbreviation has
    several."""
    ends: list[int] = field(default_factory=list)
    """Samples at which a clause is over, its pause included."""

    def collect(self, address: int | None) -> None:
        """Note the events in a list, as the library's callback gets it."""
        if not address:
            return
        size = ctypes.sizeof(_Event)
        while (event := _Event.from_address(address)).type != _LIST_TERMINATED:
            if event.type == _WORD:
                # The library counts characters from 1.
                self.words.append((event.text_position - 1, event.sample))
            elif event.type == _END:
                self.ends.append(event.sample)
            address += size

    def timed(self, text: str, end: int) -> tuple[Word, ...]:
        """The words of ``text``, whose sound has ``end`` samples."""
        spans = word_spans(text)
        starts = [self._first(begin, after) for begin, after in _until_next(spans, len(text))]
        return placed([text[begin:after] for begin, after in spans], starts, self.ends, end)

    def _first(self, begin: int, after: int) -> int | None:
        return next((sample for place, sample in self.words if begin <= place < after), None)


def _until_next(spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    begins = [begin for begin, _ in spans]
    return list(zip(begins, [*begins[1:], length], strict=True))
