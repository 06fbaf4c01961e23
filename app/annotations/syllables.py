"""Mandarin syllables in pinyin: which exist, and how each is spelled with tone marks. Pure.

A syllable is its initial and its final as they are written, so ``y`` and ``w`` count as initials
and ``ü`` after ``j``, ``q``, ``x`` and ``y`` is written ``u``.
"""

import unicodedata
from dataclasses import dataclass

_WRITTEN = {
    "": "a ai an ang ao e ei en eng er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan un uo ü üe",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan un uo ü üe",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u ua uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}
_FINALS_OF = {initial: frozenset(finals.split()) for initial, finals in _WRITTEN.items()}
_UMLAUT_IS_PLAIN = frozenset("jqxy")
INITIALS = frozenset(initial for initial in _FINALS_OF if initial)

NEUTRAL = 5
"""The neutral tone; the others are 1 to 4."""
_TONE_MARKS = "\u0304\u0301\u030c\u0300"
_FINALS_WITH_TONES = {
    "12345": "a ai an ang ao e ei en eng i ian in ing iu o ong ou u uang ue un uo",
    "1234": "ia iang iao ie iong ua uai uan ui",
    "234": "er ü",
    "4": "üe",
}
_TONES_BY_FINAL = {
    final: tones for tones, finals in _FINALS_WITH_TONES.items() for final in finals.split()
}
"""Tones for which the tokenizer has a token (see ``app.annotations.marks`` for the source)."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """A toned syllable, for example ``h`` ``ao`` 4."""

    initial: str
    """Empty where the syllable begins with its vowel."""
    final: str
    """Without tone mark, ``ü`` where it is written so."""
    tone: int
    """1 to 4, or ``NEUTRAL``."""

    @property
    def letters(self) -> str:
        """Spelling without the tone: ``hao``, ``nü``."""
        return self.initial + self.final

    @property
    def numbered(self) -> str:
        """Spelling with the tone as a digit: ``hao4``, ``nü3``."""
        return f"{self.letters}{self.tone}"

    @property
    def marks(self) -> str:
        """Annotation in a text: ``[h][ào]``."""
        initial = f"[{self.initial}]" if self.initial else ""
        return f"{initial}[{spelled(self.final, self.tone)}]"

    @property
    def has_marks(self) -> bool:
        """Tell whether this final has a mark in this tone: a few rare ones have none."""
        return str(self.tone) in _TONES_BY_FINAL[self.final]


def exists(initial: str, final: str) -> bool:
    """Tell whether Mandarin has a syllable of these two, whatever its tone."""
    return final in _FINALS_OF[initial]


def spelled(final: str, tone: int) -> str:
    """A final as its mark spells it: ``ao`` in tone 4 is ``ào``. ``üe`` is spelled ``vè`` there."""
    if tone == NEUTRAL:
        return final
    # On a, e or o where there is one; else on the last vowel: iu and ui carry it there.
    at = next((final.index(vowel) for vowel in "aeo" if vowel in final), -1)
    if at < 0:
        at = max(final.find(vowel) for vowel in "iuü")
    marked = f"{final[: at + 1]}{_TONE_MARKS[tone - 1]}{final[at + 1 :]}"
    return unicodedata.normalize("NFC", marked).replace("üè", "vè")


FINALS = {
    spelled(final, int(tone)): (final, int(tone))
    for final, tones in _TONES_BY_FINAL.items()
    for tone in tones
}
"""The final and tone that each mark stands for."""


def read(written: str) -> Syllable | None:
    """The syllable in a common way of writing it: ``hao4``, ``hào``, ``HAO4``, ``nv3``, ``lu:4``,
    or None."""
    letters, tone = _without_tone(written)
    for cut in range(len(letters)):
        initial, final = letters[:cut], letters[cut:]
        if initial in _UMLAUT_IS_PLAIN:
            final = final.replace("ü", "u")
        if initial in _FINALS_OF and exists(initial, final):
            return Syllable(initial, final, tone)
    return None


def read_final(written: str) -> tuple[str, int] | None:
    """A final and its tone in a common way of writing it: ``ao4``, ``ào``, or None."""
    final, tone = _without_tone(written)
    return (final, tone) if final in _TONES_BY_FINAL else None


def _without_tone(written: str) -> tuple[str, int]:
    """Plain lower-case letters and the tone."""
    tone, letters = NEUTRAL, []
    for character in unicodedata.normalize("NFD", written.lower()):
        if character in _TONE_MARKS:
            tone = _TONE_MARKS.index(character) + 1
        elif character in "12345":
            tone = int(character)
        elif character == "0":
            tone = NEUTRAL
        else:
            letters.append(character)
    plain = unicodedata.normalize("NFC", "".join(letters))
    return plain.replace("u:", "ü").replace("v", "ü"), tone
