"""Reading of a text: markdown, then addresses, then pictures."""

from .addresses import with_addresses_said
from .markdown import without_markup
from .pictures import without_pictures
from .words import words_for


def as_read(text: str, language: str = "") -> str:
    """The text as somebody would read it aloud who speaks ``language``, a primary subtag; empty is
    English or Chinese, as the text is.

    Text without markup, addresses and emoji stays as it is. Milliseconds for a page.
    """
    words = words_for(text, language)
    return without_pictures(with_addresses_said(without_markup(text, words), words))
