"""A file of some kind, by its name and its content, as a manuscript."""

from pathlib import PurePath

from . import epub, marked_down, plain_text
from .cutting import clean, manuscript_of
from .encodings import decoded
from .manuscript import Bounds, Manuscript, Text, refused

_MARKDOWN = frozenset({".md", ".markdown"})
_PLAIN = frozenset({".txt", ".text", ""})
_ARCHIVE = b"PK\x03\x04"


def read(name: str, content: bytes, bounds: Bounds, encoding: str = "") -> Manuscript:
    """The manuscript in a file; ``name`` is its file name, which is the title where there is no
    other. Raises ``InvalidInputError``."""
    text = _text(PurePath(name), content, bounds, encoding)
    return manuscript_of(text, bounds)


def _text(name: PurePath, content: bytes, bounds: Bounds, encoding: str) -> Text:
    kind = name.suffix.lower()
    if kind == ".epub":
        return epub.text_of(content, name.stem, bounds)
    if kind not in _MARKDOWN | _PLAIN or content.startswith(_ARCHIVE):
        raise refused(
            "book_kind",
            f"{name.name[:100]!r} is not a file of text: send .txt, .md or .epub",
            "只支持 .txt、.md 和 .epub 文件",
        )
    written = clean(decoded(content, encoding))
    if kind in _MARKDOWN:
        return marked_down.text_of(written, name.stem)
    return plain_text.text_of(written, name.stem)
