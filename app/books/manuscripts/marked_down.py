"""A text in markdown: chapters by its headings, each read as a person would."""

import itertools

from markdown_it import MarkdownIt

from ...reading import as_read
from .manuscript import Chapter, Text

_PARSER = MarkdownIt("js-default").disable(["code", "reference"])


def text_of(written: str, title: str) -> Text:
    """The chapters of a text, by the highest headings of which there are several.

    A single heading above them is the book's title.
    """
    lines = written.split("\n")
    headings = _headings(written)
    levels = [level for level, _, _ in headings]
    several = [level for level in sorted(set(levels)) if levels.count(level) > 1]
    level = several[0] if several else min(levels, default=0)
    above = [name for found, _, name in headings if found < level]
    starts = [(place, name) for found, place, name in headings if found == level]
    bounds = [(0, ""), *starts, (len(lines), "")]
    found = (
        Chapter(name, as_read("\n".join(lines[start:end])).strip())
        for (start, name), (end, _) in itertools.pairwise(bounds)
    )
    return Text(above[0] if above else title, tuple(one for one in found if one.text))


def _headings(written: str) -> list[tuple[int, int, str]]:
    """Level, line and words of each heading that stands in no other block."""
    tokens = _PARSER.parse(written)
    return [
        (int(token.tag[1:]), token.map[0], as_read(inline.content))
        for token, inline in itertools.pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
