"""Mandarin text and pinyin as the phonemes the model has learned, through misaki."""

import logging
import re
from pathlib import Path

from ...annotations import Syllable

# cn2an, which spells numbers out for misaki, gives up beyond sixteen digits.
_MOST_DIGITS = 16
_THOUSANDS = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_DIGIT_NAMES = str.maketrans("0123456789", "零一二三四五六七八九")


class Mandarin:
    """misaki's Mandarin, loaded: a dictionary of words for where the readings depend on them."""

    def __init__(self, cache: Path) -> None:
        import jieba
        from misaki.zh import ZHG2P

        # Otherwise jieba tells its loading on standard error, where a worker's log lines go, and
        # keeps its dictionary under a name in /tmp that anybody may have put there.
        logging.getLogger("jieba").setLevel(logging.CRITICAL)
        jieba.dt.tmp_dir = str(cache)
        jieba.initialize()
        self._convert = ZHG2P()

    def phonemes(self, text: str) -> str:
        """The phonemes of Chinese text with digits and punctuation, without Latin words.

        Characters it has no reading for are left as they are.
        """
        readable = text.replace("〇", "零")
        readable = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), readable)
        readable = _DIGITS.sub(_spelled_if_long, readable)
        phonemes, _ = self._convert(readable)
        return str(phonemes)

    def syllable(self, syllable: Syllable) -> str:
        """The phonemes of one syllable."""
        # The combining mark under the second half of a diphthong is not among the model's tokens.
        return str(self._convert.py2ipa(syllable.numbered)).replace("\u032f", "")


def _spelled_if_long(match: re.Match[str]) -> str:
    if len(match[0]) < _MOST_DIGITS:
        return match[0]
    return match[0].translate(_DIGIT_NAMES).replace(".", "点")
