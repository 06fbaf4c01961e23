"""Cut a text where a speaker would breathe, so that speech can be made and sent in pieces."""

import re
from collections.abc import Iterator

# After CJK or Western sentence enders (with closing quotes), and at line ends. A Western full
# stop ends a sentence only before white space: 3.14 and v1.2 stay whole.
_BOUNDARY = re.compile(
    r"(?<=[。！？；…])(?![。！？；…”’」』）])"
    r"|(?<=[。！？；…][”’」』）])"
    r"|(?<=[.!?;])\s+"
    r"|\n+"
)


def pieces(text: str, at_least: int) -> Iterator[str]:
    """Split `text` at sentence ends into pieces of `at_least` characters or more.

    Short sentences stay together, so that abbreviations ("Mr. Smith") rarely fall on a cut. The
    pieces joined hold every visible character of the text, in order; the last may be shorter.
    """
    start = 0
    for match in _BOUNDARY.finditer(text):
        piece = text[start : match.end()].strip()
        if len(piece) >= at_least:
            yield piece
            start = match.end()
    if rest := text[start:].strip():
        yield rest
