"""The spoken text, word by word in time. ``scripts/read_along.js`` marks the word that is heard."""

from collections.abc import Sequence
from html import escape

from ...sound.timed import Word
from ..words import both


def read_along_html(text: str, words: Sequence[Word], rate: int, source: str) -> str:
    """The text of ``source`` with its words, timed at ``rate`` Hz; empty where there are none."""
    if not words:
        return ""
    told, at = [], 0
    for word in words:
        found = text.find(word.text, at)
        if found >= 0:
            # What stands between two words is theirs as it was written.
            told.append(escape(text[at:found]))
            at = found + len(word.text)
        told.append(
            f'<span data-from="{word.start / rate:.2f}" data-to="{word.end / rate:.2f}">'
            f"{escape(word.text)}</span>"
        )
    told.append(escape(text[at:]))
    return (
        f'<div class="read-along" data-of="{escape(source)}" tabindex="0" role="group" '
        f'aria-labelledby="read-along-name"><span id="read-along-name" class="unseen">'
        f"{both('read_along')}</span><p>{''.join(told)}</p></div>"
    )
