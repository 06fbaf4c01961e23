"""Markup of the files in an EPUB, by Python's own tolerant parser.

It knows no entities but those of HTML and opens no other file, so neither can do harm here; what
declares entities of its own is refused all the same.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from .manuscript import refused

_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|br|d[dlt]|div|figcaption|figure|footer|form|h[1-6]|header"
    "|hr|li|main|nav|ol|p|pre|section|t(able|d|h|r)|ul"
)
_SILENT = re.compile("head|script|style|svg|math|r[tp]|template|noscript|iframe|object")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ENTITIES = re.compile(r"<!ENTITY\b", re.IGNORECASE)


@dataclass(slots=True)
class Element:
    """An element, and the words directly or deeper in it up to its end."""

    name: str
    """Without a prefix, in small letters."""
    attributes: dict[str, str]
    text: str = ""


def elements(markup: str) -> list[Element]:
    """The elements of a file of XML, as they begin. Raises ``InvalidInputError``."""
    parser = _Elements()
    _parse(parser, markup)
    return parser.found


@dataclass(slots=True)
class Page:
    """The words of a page."""

    blocks: list[str] = field(default_factory=list)
    heading: str = ""
    """The first."""


def page(markup: str) -> Page:
    """The words of a page of XHTML or HTML, a block each. Raises ``InvalidInputError``."""
    parser = _Words()
    _parse(parser, markup)
    parser.end_block()
    return parser.page


def _parse(parser: HTMLParser, markup: str) -> None:
    if _ENTITIES.search(markup):
        raise refused(
            "book_entities",
            "a file in the EPUB declares XML entities of its own, which no book needs",
            "EPUB 中的文件自定义了 XML 实体，不予处理",
        )
    parser.feed(markup)
    parser.close()


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(_bare(tag), {_bare(name): value or "" for name, value in attrs})
        self.found.append(element)
        self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open[-2:]:
            element.text += data


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._words: list[str] = []
        self._heading = False
        self._silent = ""
        """The element whose words nobody reads; no other counts within it."""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            self._depth += tag == self._silent
        elif _SILENT.fullmatch(tag) or _is_note(dict(attrs)):
            self._silent, self._depth = tag, 1
        elif _BLOCKS.fullmatch(tag):
            self.end_block()
            self._heading = tag in _HEADINGS

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._depth -= tag == self._silent
            if not self._depth:
                self._silent = ""
        elif _BLOCKS.fullmatch(tag):
            self.end_block()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._silent and _BLOCKS.fullmatch(tag):
            self.end_block()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)

    def end_block(self) -> None:
        """End a paragraph."""
        if block := " ".join("".join(self._words).split()):
            self.page.blocks.append(block)
            if self._heading and not self.page.heading:
                self.page.heading = block
        self._words.clear()
        self._heading = False


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _is_note(attributes: dict[str, str | None]) -> bool:
    """The number of a footnote, in the middle of a sentence."""
    kinds = f"{attributes.get('epub:type') or ''} {attributes.get('role') or ''}".split()
    return bool({"noteref", "doc-noteref", "pagebreak", "doc-pagebreak"} & {*kinds})
