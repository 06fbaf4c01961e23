"""A text in words: what stands between spaces, and each character where there are no spaces."""

import re
import unicodedata

from ..reading.words import HAN, KANA

_LETTER = f"(?:{HAN.pattern}|{KANA.pattern})"
_OPENING = r"“‘（《【「『(\[<"
_WORD = re.compile(
    # Punctuation belongs to the character that it stands beside.
    rf"[{_OPENING}]*{_LETTER}(?:(?![{_OPENING}])[^\w\s])*"
    rf"|(?:(?!{_LETTER})\S)+"
)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Places of the words of a text. Between them is white space alone; marks of
    pronunciation stay whole."""
    return [match.span() for match in _WORD.finditer(text)]


def needs_space(before: str, after: str) -> bool:
    """Tell whether two words that follow each other are written with a space between them."""
    return not (_is_wide(before[-1]) or _is_wide(after[0]))


def _is_wide(character: str) -> bool:
    """Tell whether this is of a script without spaces, or its punctuation."""
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    return wide and not unicodedata.name(character, "").startswith("HANGUL")
