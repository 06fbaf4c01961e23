"""Text of somebody else, as a terminal may show it."""

import re

_OBEYED = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""What a terminal would obey, a reader take for the end of a line, or what changes the order in
which characters stand."""


def shown(text: str) -> str:
    """One line, with those characters as escapes."""
    return _OBEYED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
