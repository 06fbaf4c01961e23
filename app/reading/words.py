"""Words that stand for what is written with signs."""

import re
from dataclasses import dataclass

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""A Chinese character."""
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
"""A letter of Japanese."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one language, and its punctuation."""

    dot: str
    slash: str
    at: str
    underscore: str
    code: str
    """In the place of a block of code, which nobody reads aloud."""
    stop: str = "."
    comma: str = ", "
    colon: str = ": "


ENGLISH = Words(" dot ", " slash ", " at ", " underscore ", "Code is left out.")
CHINESE = Words(" 点 ", " 斜杠 ", " 艾特 ", " 下划线 ", "此处省略代码。", "。", "，", "：")
SIGNS = Words(".", "/", "@", "_", "")
"""For every other language: engines know its names of these signs better."""


def words_for(text: str, language: str) -> Words:
    """The words for a text that is read by a voice of ``language``, a primary subtag, or empty.

    A Chinese voice reads texts in English too.
    """
    if language not in ("", "zh", "en"):
        return SIGNS
    return CHINESE if HAN.search(text) else ENGLISH
