"""Chapters cut into pieces, each a job of a few seconds."""

import re
import unicodedata
from collections.abc import Iterator

from ...engines.sentences import pieces
from ...reading.addresses import with_addresses_said
from ...reading.pictures import without_pictures
from ...reading.words import words_for
from .manuscript import Bounds, Chapter, Manuscript, Part, Text, refused

AT_LEAST, AT_MOST = 80, 200
"""Characters of a piece: whole sentences sound best, and a worker is to be free again soon."""
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")


def clean(written: str) -> str:
    """The text without control characters, which files of all ages have and nobody can say."""
    return _FORBIDDEN.sub("", _BREAKS.sub("\n", written))


def manuscript_of(text: Text, bounds: Bounds) -> Manuscript:
    """The text in pieces. A chapter without words becomes part of the next one.

    Raises ``InvalidInputError`` for a text that is too long or has nothing to say.
    """
    parts = tuple(part for chapter in _whole(text.chapters) if (part := _part(chapter)).pieces)
    characters = sum(part.characters for part in parts)
    if not parts:
        raise refused("book_empty", "there is no text to speak in it", "文件中没有可以朗读的文字")
    if characters > bounds.characters:
        raise refused(
            "book_too_long",
            f"the book has {characters} characters; at most {bounds.characters} are allowed",
            f"全书共 {characters} 字，最多 {bounds.characters} 字",
        )
    return Manuscript(_line(text.title), parts)


def _whole(chapters: tuple[Chapter, ...]) -> Iterator[Chapter]:
    before = ""
    for chapter in chapters:
        heading, _, rest = chapter.text.partition("\n")
        if _same(heading, chapter.title) and not _speakable(rest):
            # Of a volume, or in a table of contents.
            before += heading + "\n"
            continue
        yield Chapter(chapter.title, before + chapter.text)
        before = ""
    if before:
        yield Chapter("", before)


def _part(chapter: Chapter) -> Part:
    words = words_for(chapter.text, "")
    text = without_pictures(with_addresses_said(chapter.text, words))
    heading, _, rest = text.partition("\n")
    if not _same(heading, chapter.title):
        heading, rest = "", text
    found = [*pieces(heading, AT_MOST, AT_MOST), *pieces(rest, AT_LEAST, AT_MOST)]
    return Part(_line(chapter.title), tuple(piece for piece in found if _speakable(piece)))


def _same(heading: str, title: str) -> bool:
    """Tell whether a line is the title, perhaps with the stop that a heading is read with."""
    return bool(title) and heading.rstrip(" .。").split() == title.rstrip(" .。").split()


def _speakable(piece: str) -> bool:
    return any(unicodedata.category(character)[0] in "LN" for character in piece)


def _line(title: str) -> str:
    return " ".join(title.split())[:200]
