"""The nearest right mark for a wrong one. Pure."""

from difflib import get_close_matches
from functools import lru_cache

from app.annotations.marks import BRACKETED, EVENTS, PHONEMES, SPANS, VOWELS
from app.annotations.syllables import FINALS, Syllable, exists, read, spelled

_WITHOUT_INITIAL = {
    **{final: "y" + (final[1:] or "") for final in ("ia", "ian", "iang", "iao", "ie", "iong")},
    **{final: "w" + final[1:] for final in ("ua", "uai", "uan", "uang", "uo")},
    **{"i": "yi", "in": "yin", "ing": "ying", "iu": "you", "u": "wu", "ui": "wei", "un": "wen"},
    **{"ü": "yu", "üe": "yue", "ue": "yue", "ong": "weng"},
}
"""Spellings of finals whose syllable has no initial."""


@lru_cache(maxsize=1024)
def nearest_mark(inside: str) -> str | None:
    """The right way to write what stands between two brackets, or None."""
    if inside in SPANS and inside not in EVENTS:
        return f"<{inside}></{inside}>"
    if inside.lower() in EVENTS:
        return f"[{inside.lower()}]"
    readings = [_as_phoneme, _as_syllable]
    # [AO4] is more likely a phoneme, [ao4] pinyin.
    for reading in readings if inside.isupper() else reversed(readings):
        if found := reading(inside):
            return found
    close = get_close_matches(inside, sorted(BRACKETED), n=1, cutoff=0.6)
    return f"[{close[0]}]" if close else None


def nearest_tag(slash: str, name: str) -> str | None:
    """The right way to write a tag, or None."""
    lower = name.lower()
    close = [lower] if lower in SPANS else get_close_matches(lower, sorted(SPANS), 1, 0.6)
    if close:
        return f"<{slash}{close[0]}>"
    return f"[{lower}]" if lower in EVENTS and not slash else None


def nearest_syllable(initial: str, final: str, tone: int) -> str | None:
    """The marks of the syllable that is spelled most like this one, or None."""
    possible = {
        other: Syllable(initial, other, best)
        for other in sorted({name for name, _ in FINALS.values()})
        if exists(initial, other) and (best := _nearest_tone(other, tone))
    }
    close = get_close_matches(final, possible, n=1, cutoff=0.3)
    return possible[close[0]].marks if close else None


def whole(final: str, tone: int) -> str | None:
    """The marks of a final that lacks its initial: ``ī`` is ``[y][ī]``."""
    syllable = read(f"{_WITHOUT_INITIAL.get(final, final)}{tone}")
    return syllable.marks if syllable and syllable.has_marks else None


def _nearest_tone(final: str, tone: int) -> int | None:
    """Choose this tone, or one that the final has a mark for."""
    for candidate in (tone, 1, 2, 3, 4):
        if FINALS.get(spelled(final, candidate)) == (final, candidate):
            return candidate
    return None


def _as_syllable(inside: str) -> str | None:
    syllable = read(inside)
    return syllable.marks if syllable and syllable.has_marks else None


def _as_phoneme(inside: str) -> str | None:
    name = inside.upper()
    if name in PHONEMES:
        return f"[{name}]"
    base = name.rstrip("0123456789")
    if base in VOWELS:
        return f"[{base}1]"
    return f"[{base}]" if base in PHONEMES else None
