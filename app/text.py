"""Checks of a text: can it be spoken? Pure."""

import unicodedata

from .errors import InvalidInputError

# Word processors write these where a person sees a line break.
_LINE_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n"})
_BYTE_ORDER_MARK = "\ufeff"


def speakable(text: str, limit: int, field: str = "input") -> str:
    """The text as an engine gets it: NFC, line breaks as newlines, no white space around it.

    ``limit`` is the greatest number of characters (code points), ``field`` is where the text stands
    in the request, for the error. Raises ``InvalidInputError`` for a text that is empty, too long,
    holds control characters or broken Unicode, or has nothing in it to pronounce.
    """
    if len(text) > limit:
        raise InvalidInputError(
            "text_too_long",
            f"the text has {len(text)} characters; at most {limit} are allowed",
            f"文字共 {len(text)} 字，最多 {limit} 字",
            field=field,
        )
    text = _with_newlines(text)
    for position, character in enumerate(text, start=1):
        if _forbidden(character):
            raise InvalidInputError(
                "text_not_clean",
                f"character {position} of the text is U+{ord(character):04X}, a control "
                "character or broken Unicode; remove it",
                f"第 {position} 个字符是 U+{ord(character):04X}（控制字符或损坏的编码），请删除",
                field=field,
            )
    text = clean(text)
    if not text:
        raise InvalidInputError(
            "text_empty", "there is no text to speak", "请输入要朗读的文字", field=field
        )
    if not any(unicodedata.category(character)[0] in "LN" for character in text):
        raise InvalidInputError(
            "text_not_speakable",
            "the text has no letter, Chinese character or digit to speak",
            "文字中没有可以朗读的内容（没有汉字、字母或数字）",
            field=field,
        )
    return text


def clean(text: str) -> str:
    """A text that ``speakable`` takes, as it gives it back."""
    return unicodedata.normalize("NFC", _with_newlines(text)).strip()


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").translate(_LINE_BREAKS).removeprefix(_BYTE_ORDER_MARK)


def _forbidden(character: str) -> bool:
    # Cs: half of a surrogate pair, which JSON can carry and UTF-8 cannot.
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
