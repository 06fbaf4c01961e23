"""Pronunciation marks as eSpeak NG takes them: phoneme mnemonics between ``[[`` and ``]]``.

Mnemonics of a syllable come from eSpeak itself, through its pinyin voice; those of CMU phonemes
stand here (eSpeak's docs/phonemes.md; both English phoneme tables have them).
"""

from functools import lru_cache
from itertools import groupby

from app.annotations import Kind, Segment, Syllable, parse
from app.engines.espeak_library import Library, LibraryFiles
from app.engines.espeak_voices import EspeakVoice
from app.engines.interface import CannotSpeakError

PINYIN_VOICE = "cmn-latn-pinyin"
# eSpeak 1.52 spells these out as English letters, so they are put together from an initial here
# and the rest of `yong`.
_IONG_INITIALS = {"j": "tS;", "q": "tS;h", "x": "S;"}
_SWITCHES = {"en": "", "zh": "_^_EN "}
"""Markup that switches a voice of this language to the English phonemes."""

_CONSONANTS = {
    **{name: name.lower() for name in "BDFGKLMNPRSTVWZ"},
    **{"CH": "tS", "DH": "D", "HH": "h", "JH": "dZ", "NG": "N", "SH": "S", "TH": "T"},
    **{"Y": "j", "ZH": "Z"},
}
_VOWELS = {
    **{"AA": "A:", "AE": "a", "AH": "V", "AO": "O:", "AW": "aU", "AY": "aI", "EH": "E"},
    **{"ER": "3:", "EY": "eI", "IH": "I", "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U"},
    "UW": "u:",
}
_WEAK_VOWELS = {"AH0": "@", "ER0": "3", "IY0": "i"}
_STRESS = {"0": "", "1": "'", "2": ","}


def spoken(text: str, voice: EspeakVoice, files: LibraryFiles) -> str:
    """The text with its marks as eSpeak takes them when phoneme input is on.

    Raises ``CannotSpeakError`` for marks this voice, or eSpeak, has no sounds for. Opens the
    library, so none may be open.
    """
    parts: list[str] = []
    for kind, group in groupby(parse(text), key=lambda segment: segment.kind):
        segments = list(group)
        if kind is Kind.TEXT:
            # What would begin phoneme input of its own is read as the brackets it is.
            parts.append(segments[0].text.replace("[[", "[ ["))
        elif kind is Kind.PINYIN:
            parts.append(_pinyin(segments, voice, files))
        elif kind is Kind.PHONEME:
            parts.append(_phonemes(segments, voice))
        else:
            raise CannotSpeakError(
                f"eSpeak NG makes no sound or emphasis like {segments[0].text}; remove the mark",
                f"eSpeak NG 不支持 {segments[0].text} 这样的声音或强调标记，请删除",
            )
    return "".join(parts)


def has_marks(text: str) -> bool:
    """Tell whether ``spoken`` has anything to do."""
    return any(segment.kind is not Kind.TEXT for segment in parse(text))


def _pinyin(segments: list[Segment], voice: EspeakVoice, files: LibraryFiles) -> str:
    if not voice.says_pinyin:
        raise CannotSpeakError(
            f"the voice {voice.voice.name_en} cannot say pinyin such as {segments[0].text}; "
            "choose a Mandarin voice",
            f"“{voice.voice.name_zh}”不能读拼音标注 {segments[0].text}，请选择普通话",
        )
    syllables = (segment.syllable for segment in segments)
    return _input(" ".join(_mnemonics(syllable, files) for syllable in syllables if syllable))


@lru_cache(maxsize=2048)
def _mnemonics(syllable: Syllable, files: LibraryFiles) -> str:
    initial = _IONG_INITIALS.get(syllable.initial, "") if syllable.final == "iong" else ""
    pinyin = f"yong{syllable.tone}" if initial else syllable.numbered.replace("ü", "v")
    with Library(files) as library:
        library.configure(PINYIN_VOICE, 1.0, 1)
        return initial + library.mnemonics(pinyin)


def _phonemes(segments: list[Segment], voice: EspeakVoice) -> str:
    switch = _SWITCHES.get(voice.voice.language[:2]) if voice.says_phonemes else None
    if switch is None:
        raise CannotSpeakError(
            f"the voice {voice.voice.name_en} cannot say English phonemes such as "
            f"{segments[0].text}; choose an English or Mandarin voice",
            f"“{voice.voice.name_zh}”不能读英语音素标注 {segments[0].text}，请选择英语或普通话",
        )
    # Bars keep neighbours apart: a and I would be the diphthong aI.
    return _input(switch + "|".join(_cmu_mnemonic(segment.name) for segment in segments))


def _cmu_mnemonic(name: str) -> str:
    if name in _CONSONANTS:
        return _CONSONANTS[name]
    if name in _WEAK_VOWELS:
        return _WEAK_VOWELS[name]
    stress = name[2:]
    return _STRESS.get(stress, "") + _VOWELS[name[:2]]


def _input(mnemonics: str) -> str:
    return f" [[{mnemonics}]] "
