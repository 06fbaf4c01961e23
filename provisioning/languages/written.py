"""Text that stands in one language already, told from text that is still to be written in it."""

import re
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from pathlib import PurePath

from ..errors import ClusterError

_ADDRESSES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class UnwritableError(ClusterError, ValueError):
    """The language has no way to say this; the message says what and why."""


class Written(str):
    """Text of a language: whatever it holds, its author meant it as such."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> "Written":
        """The text, marked as one of this language."""
        made = super().__new__(cls, text)
        made.language = language
        return made


def spelled(value: object) -> str | None:
    """Spell what has one spelling in every language: numbers, yes and no, addresses."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value)
    return str(value) if isinstance(value, _ADDRESSES) else None


def number(value: float) -> str:
    """A number as a person types it, to a millisecond: 1 rather than 1.0, and no exponent."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def text_of(value: object) -> str:
    """A text or a path as text. Raises ``UnwritableError`` for what is neither."""
    if isinstance(value, str | PurePath):
        return str(value)
    raise UnwritableError(f"{type(value).__name__} is no text; write what it holds")


def refuse_control(text: str, language: str) -> None:
    """Raises ``UnwritableError`` for line ends and other control characters."""
    refuse(_CONTROL, text, language)


def refuse(pattern: re.Pattern[str], text: str, language: str) -> None:
    """Raises ``UnwritableError`` where the pattern is found."""
    if found := pattern.search(text):
        # Not all of the text: it may be a password.
        what = repr(found[0]) if found[0] else "nothing at all"
        raise UnwritableError(f"{what} cannot be written in {language}")
