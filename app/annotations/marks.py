"""The marks a text may carry: the special tokens of CosyVoice 3's tokenizer.

Source: ``CosyVoice3Tokenizer`` in ``cosyvoice/tokenizer/tokenizer.py`` of the public repository
FunAudioLLM/CosyVoice (commit ace7c47). Nothing else between brackets has a meaning there: what is
not in these tables is read as ordinary text.
"""

from app.annotations.syllables import FINALS, INITIALS

_STRESSED = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_SOUNDS = (
    "breath quick_breath laughter cough sigh noise clucking accent hissing vocalized-noise "
    "lipsmack mn"
)

VOWELS = frozenset(vowel + stress for vowel in _STRESSED.split() for stress in ("", "0", "1", "2"))
"""CMU vowels: unmarked, without stress (0), with primary (1) or secondary (2) stress."""
PHONEMES = VOWELS | frozenset(_CONSONANTS.split())
"""CMU phonemes, as in ``[M][AY0]``."""

EVENTS = frozenset(_SOUNDS.split())
"""Sounds, as in ``[breath]``."""
SPANS = frozenset({"laughter", "strong"})
"""Ways of saying what lies between ``<laughter>`` and ``</laughter>``."""

PINYIN = INITIALS | frozenset(FINALS)
"""Allowed pinyin in brackets: initials, and finals with their tone marks."""

BRACKETED = PHONEMES | EVENTS | PINYIN
"""Everything that may stand between square brackets."""
