"""Text files in whatever encoding: Unicode first, then those that old files are in."""

import codecs

import charset_normalizer

from .manuscript import refused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLDER = ["gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251"]
_SAMPLE = 1 << 16
"""Bytes that tell the encoding."""


def decoded(content: bytes, named: str = "") -> str:
    """The text of a file; ``named`` is the encoding that somebody said. Raises
    ``InvalidInputError``."""
    if named:
        return _in(content, named)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _in(content, encoding)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = _in(content, _guessed(content))
    if "\0" in text:
        raise refused(
            "book_not_text",
            "the file has bytes that are no text; send .txt, .md or .epub",
            "文件内容不是文本，请提供 .txt、.md 或 .epub 文件",
        )
    return text


def _guessed(content: bytes) -> str:
    # A character of several bytes may be cut at the end of the sample.
    sample = content[:_SAMPLE]
    found = charset_normalizer.from_bytes(sample, cp_isolation=_OLDER).best()
    if found is None and len(content) > _SAMPLE:
        sample = content[: sample.rfind(b"\n") + 1] or sample
        found = charset_normalizer.from_bytes(sample, cp_isolation=_OLDER).best()
    return found.encoding if found else "utf-8"


def _in(content: bytes, encoding: str) -> str:
    try:
        # bytes.decode also knows codecs that are none of text.
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
        return content.decode(encoding)
    except LookupError:
        raise refused(
            "book_encoding",
            f"encoding: {encoding!r} is not the name of one, such as utf-8, gb18030 or big5",
            f"没有名为“{encoding}”的编码，可用 utf-8、gb18030、big5 等",
        ) from None
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        raise refused(
            "book_encoding",
            f"the file is not {encoding} at byte {place + 1}; save it as UTF-8, or name its "
            "encoding in the field `encoding`, such as gb18030",
            f"文件第 {place + 1} 字节不是 {encoding} 编码，请另存为 UTF-8，或用 encoding 指明编码",
        ) from error
