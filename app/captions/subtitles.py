"""Words in time as subtitles: SubRip (SRT) and WebVTT (W3C)."""

from collections.abc import Iterable, Iterator, Sequence

from ..sound.timed import Word
from .spans import needs_space

_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…")
_CLAUSE_ENDS = (",", ";", ":", "，", "；", "：", "、")
_CLOSING = "”’」』）】》\"')"
_LONGEST = 6.0
"""Seconds of one subtitle."""
_WIDEST = 84
"""Columns of one: two lines of 42, as on television. A Chinese character has two."""
_ENOUGH = _WIDEST // 2
"""Columns from which a clause may end one."""


def srt(words: Sequence[Word], rate: int) -> str:
    """The words, timed at ``rate`` Hz, as a SubRip file."""
    blocks = (
        f"{number}\n{_time(start, rate, ',')} --> {_time(end, rate, ',')}\n{text}\n"
        for number, (text, start, end) in enumerate(_cues(words, rate), 1)
    )
    return "\n".join(blocks)


def vtt(words: Sequence[Word], rate: int) -> str:
    """The words, timed at ``rate`` Hz, as a WebVTT file."""
    blocks = (
        f"{_time(start, rate, '.')} --> {_time(end, rate, '.')}\n{_escaped(text)}\n"
        for text, start, end in _cues(words, rate)
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _cues(words: Iterable[Word], rate: int) -> Iterator[tuple[str, int, int]]:
    """Text, start and end of each subtitle."""
    text, start, end = "", 0, 0
    for word in words:
        longer = _joined(text, word.text)
        if text and (_width(longer) > _WIDEST or word.end - start > _LONGEST * rate):
            yield text, start, end
            text = ""
        if not text:
            start, longer = word.start, word.text
        text, end = longer, word.end
        if _ends(text):
            yield text, start, end
            text = ""
    if text:
        yield text, start, end


def _joined(text: str, word: str) -> str:
    return f"{text} {word}" if text and needs_space(text, word) else text + word


def _ends(text: str) -> bool:
    bare = text.rstrip(_CLOSING)
    return bare.endswith(_SENTENCE_ENDS) or (
        _width(text) >= _ENOUGH and bare.endswith(_CLAUSE_ENDS)
    )


def _width(text: str) -> int:
    return sum(2 if character >= "\u1100" else 1 for character in text)


def _time(samples: int, rate: int, point: str) -> str:
    milliseconds = round(samples * 1000 / rate)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
