"""Characters in a value that are invisible, or look like others."""

import unicodedata

# Zero-width and direction marks, line and paragraph separators.
_UNSEEN = ("Cf", "Zl", "Zp")
_QUOTES = "“”„‟‘’‚‛«»＂＇「」"
BREAKS = "\x85\u2028\u2029"
"""Line breaks in YAML 1.1, but neither in YAML 1.2 (5.4) nor in any editor."""


def unseen(text: str) -> str | None:
    """The first character that is invisible, or looks like a blank but is not."""
    for character in text:
        kind = unicodedata.category(character)
        if kind in _UNSEEN or (kind == "Zs" and character not in " \u3000"):
            return character
    return None


def without_unseen(text: str) -> str:
    """The text without invisible characters, with plain blanks."""
    return "".join(
        " " if unicodedata.category(c) == "Zs" else c
        for c in text
        if unicodedata.category(c) not in _UNSEEN
    ).strip()


def advice(text: str) -> str:
    """The fix for invisible characters and wrong quotes; empty if there are none."""
    if character := unseen(text):
        code = f"U+{ord(character):04X}"
        kind = "a blank that is none" if character.isspace() else "it cannot be seen"
        return f"remove {code} ({kind}): write {without_unseen(text)}"
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        inner = text[1:-1]
        return f"these are not the quotes of YAML: write {inner}, or {inner!r} in straight ones"
    return ""
