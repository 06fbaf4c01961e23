"""Conversion of a text with marks to the phonemes the model speaks."""

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby

from app.annotations import Kind, Segment, parse
from app.engines.interface import CannotSpeakError, Voice
from app.engines.kokoro.cmu import ipa
from app.engines.kokoro.mandarin import Mandarin
from app.engines.kokoro.voices import AMERICAN, BRITISH, HINDI, MANDARIN, Language

# A stretch of Latin words in Chinese text.
_LATIN = r"A-Za-z\u00c0-\u024f"
_WORD = rf"[{_LATIN}][{_LATIN}0-9'’-]*"
_LATIN_WORDS = re.compile(rf"{_WORD}(?: +{_WORD})*")
# The tokenizer keeps full stops, and the model pauses at each.
_TITLES = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|Jr|Sr)\.(?=\s)")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?])")
# eSpeak's notes that it takes a word for one of another language: "(en)wˈiːkɛnd(fr)".
_SWITCHES = re.compile(r"\((?:en|es|fr|hi|it|pt)(?:-[a-z]+)?\)")
# The model learned these as one sound each; in English kokoro-onnx leaves them apart.
_AFFRICATES = {"dʒ": "ʤ", "tʃ": "ʧ", "dz": "ʣ", "ts": "ʦ"}
_SCRIPTS = {HINDI: ("DEVANAGARI", "LATIN"), MANDARIN: ("CJK", "LATIN")}

Phonemize = Callable[[str, str], str]
"""kokoro-onnx's ``Tokenizer.phonemize``: text and eSpeak's name of its language."""


class Phonemes:
    """Converter to phonemes, for one voice after the other."""

    def __init__(self, phonemize: Phonemize, known: frozenset[str], mandarin: Mandarin) -> None:
        """``known``: the model's vocabulary."""
        self._phonemize = phonemize
        self._known = known
        self._mandarin = mandarin

    def of(self, text: str, voice: Voice, language: Language) -> str:
        """The phonemes of a text. Raises ``CannotSpeakError`` for what the voice cannot say."""
        parts: list[str] = []
        for kind, group in groupby(parse(text), key=lambda segment: segment.kind):
            segments = list(group)
            if kind is Kind.TEXT:
                parts.append(self._text(segments[0].text, voice, language))
            elif kind is Kind.PINYIN:
                parts.append(self._pinyin(segments, voice, language))
            elif kind is Kind.PHONEME:
                parts.append(_cmu(segments, voice, language))
            else:
                raise CannotSpeakError(
                    f"Kokoro makes no sound or emphasis like {segments[0].text}; remove the mark",
                    f"Kokoro 不支持 {segments[0].text} 这样的声音或强调标记，请删除",
                )
        return _SPACE_BEFORE_MARK.sub("", " ".join("".join(parts).split()))

    def _text(self, text: str, voice: Voice, language: Language) -> str:
        _check_script(text, voice, language)
        if language is not MANDARIN:
            return self._foreign(text, language)
        # Full-width letters and circled digits are read as what they stand for.
        text = "".join(
            unicodedata.normalize("NFKC", character) if character.isalnum() else character
            for character in text
        )
        parts: list[str] = []
        told = 0
        for match in _LATIN_WORDS.finditer(text):
            parts += self._chinese(text[told : match.start()], voice)
            parts.append(f" {self._foreign(match[0], AMERICAN)} ")
            told = match.end()
        parts += self._chinese(text[told:], voice)
        return "".join(parts)

    def _chinese(self, text: str, voice: Voice) -> str:
        if not text.strip():
            return text
        phonemes = self._mandarin.phonemes(text)
        for character in phonemes:
            if character.isalnum() and character not in self._known:
                raise _unreadable(character, voice)
        return phonemes

    def _foreign(self, text: str, language: Language) -> str:
        if language in (AMERICAN, BRITISH):
            phonemes = self._phonemize(_TITLES.sub(r"\1", text), language.espeak)
        else:
            phonemes = _SWITCHES.sub("", self._phonemize(text, language.espeak))
            for apart, together in _AFFRICATES.items():
                phonemes = phonemes.replace(apart, together)
        # The tokenizer strips the ends, which touch what stands beside this stretch.
        before, after = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
        return f"{before}{phonemes}{after}"

    def _pinyin(self, segments: list[Segment], voice: Voice, language: Language) -> str:
        if language is not MANDARIN:
            raise CannotSpeakError(
                f"the voice {voice.name_en} cannot say pinyin such as {segments[0].text}; "
                "choose a Mandarin voice",
                f"“{voice.name_zh}”不能读拼音标注 {segments[0].text}，请选择普通话",
            )
        syllables = (segment.syllable for segment in segments)
        return "".join(self._mandarin.syllable(syllable) for syllable in syllables if syllable)


def _cmu(segments: list[Segment], voice: Voice, language: Language) -> str:
    if language not in (AMERICAN, BRITISH, MANDARIN):
        raise CannotSpeakError(
            f"the voice {voice.name_en} cannot say English phonemes such as {segments[0].text}; "
            "choose an English or Mandarin voice",
            f"“{voice.name_zh}”不能读英语音素标注 {segments[0].text}，请选择英语或普通话",
        )
    word = "".join(ipa(segment.name) for segment in segments)
    return f" {word} " if language is MANDARIN else word


def _check_script(text: str, voice: Voice, language: Language) -> None:
    scripts = _SCRIPTS.get(language, ("LATIN",))
    for character in text:
        if unicodedata.category(character)[0] == "L" and not _is_of(character, scripts):
            raise _unreadable(character, voice)


def _is_of(character: str, scripts: tuple[str, ...]) -> bool:
    # Full-width letters, and ª and º, are Latin ones by another name.
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    return name.startswith(scripts) or unicodedata.category(character) == "Lm"


def _unreadable(character: str, voice: Voice) -> CannotSpeakError:
    return CannotSpeakError(
        f"the voice {voice.name_en} cannot read the character {character!r}; "
        "choose a voice of its language",
        f"“{voice.name_zh}”不能朗读字符“{character}”，请选择相应语言的声音",
    )
