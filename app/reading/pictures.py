"""Emoji and other pictures in a text: seen, not said."""

import unicodedata

_BLOCKS = ((0x2300, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF))
"""Blocks of Unicode with pictures. All emoji are in these but some arrows, and signs such as © that
are words; so is what Unicode keeps free for new ones (emoji-data.txt, Extended_Pictographic)."""
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
"""Zero-width joiner, variation selectors, the frame of a keycap: parts of longer emoji."""
_TAGS = range(0xE0020, 0xE0080)


def without_pictures(text: str) -> str:
    """The text without emoji, and without the space before them. Signs that stand for letters or
    words stay."""
    kept: list[str] = []
    after_picture = False
    for character in text:
        joins = character in _JOINERS and (character != "\u200d" or after_picture)
        if after_picture and (joins or ord(character) in _TAGS):
            continue
        if joins:
            # After a digit or an arrow: how it is to look.
            continue
        if _is_picture(character):
            if not after_picture:
                _drop_spaces(kept)
            after_picture = True
            continue
        if after_picture and character == " " and (not kept or kept[-1] in "\n "):
            continue
        kept.append(character)
        after_picture = False
    return "".join(kept)


def _is_picture(character: str) -> bool:
    code = ord(character)
    if not any(first <= code <= last for first, last in _BLOCKS):
        return False
    # What has another form in letters (enclosed ideographs) is read as that.
    shown = unicodedata.category(character) in ("So", "Sk", "Sm", "Cn")
    return shown and unicodedata.normalize("NFKC", character) == character


def _drop_spaces(kept: list[str]) -> None:
    while kept and kept[-1] == " ":
        kept.pop()
