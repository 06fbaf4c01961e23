"""Markdown as it is read aloud. CommonMark with tables and strikethrough, by markdown-it-py.

HTML is no part of it, nor are link definitions, nor code by indentation: ``<strong>``, ``[breath]``
and ``[h][ào]`` are marks of pronunciation, and an indented paragraph is a paragraph.
"""

import re
from collections.abc import Callable, Iterable

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from .words import Words

_PARSER = MarkdownIt("js-default").disable(["code", "reference"])
_PLAIN = frozenset({"root", "paragraph", "inline", "text", "softbreak"})
_TEXTS = frozenset({"text", "txt", "plain", "plaintext", "md", "markdown"})
"""Languages of a block that is no code."""
_PRODUCT = re.compile(r"(?<=\d)\*(?=\d)")
_HEADING = re.compile(r"^(#{2,6})(?=[^\s#])", re.MULTILINE)
_WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—]"
_STARS = re.compile(rf"(?<!\*)\*++(?={_WIDE})|(?<={_WIDE})\*+")
"""CommonMark, which looks for spaces around words, takes **注意：**这里 for no emphasis."""
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_BOX = re.compile(r"^\[[ xX]\] ")
_LABEL_LENGTH = 40
"""Characters of a column's heading that is said with every cell."""
_ENDS = ".,;:!?。，；：！？、…"


def without_markup(text: str, words: Words) -> str:
    """The text without its markup; the text itself, to the character, where there is none."""
    # 2*3*4 is no emphasis; ##标题 is a heading to those who write it.
    written = _HEADING.sub(r"\1 ", _PRODUCT.sub(r"\\*", text))
    root = SyntaxTreeNode(_PARSER.parse(written))
    read = "\n\n".join(_Reader(words).blocks(root.children))
    plain = all(node.type in _PLAIN for node in root.walk())
    return text if plain and read.split() == text.split() else read


class _Reader:
    """Reader of a tree, with the words of the text's language."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._block: dict[str, Callable[[SyntaxTreeNode], str]] = {
            "heading": lambda node: self._sentence(self._inline(node)),
            "bullet_list": self._list,
            "ordered_list": self._list,
            "fence": self._code,
            "table": self._table,
            "hr": lambda node: "",
        }

    def blocks(self, nodes: Iterable[SyntaxTreeNode]) -> list[str]:
        """The words read of each block, nothing empty."""
        return [said for node in nodes if (said := self._one(node))]

    def _one(self, node: SyntaxTreeNode) -> str:
        if read := self._block.get(node.type):
            return read(node)
        if node.type == "inline" or any(child.type == "inline" for child in node.children):
            return self._inline(node).strip()
        return "\n\n".join(self.blocks(node.children))

    def _inline(self, node: SyntaxTreeNode) -> str:
        if node.type in ("softbreak", "hardbreak"):
            return "\n"
        if node.type == "code_inline":
            # A name: its words.
            return node.content.removesuffix("()").replace("_", " ").strip()
        if node.children:
            return "".join(self._inline(child) for child in node.children)
        if not node.type.startswith("text"):
            return ""
        return _STARS.sub("", _LINE_BREAK.sub("\n", node.content))

    def _list(self, node: SyntaxTreeNode) -> str:
        return "\n".join(self._item(item) for item in node.children)

    def _item(self, item: SyntaxTreeNode) -> str:
        said = [_BOX.sub("", block) for block in self.blocks(item.children)]
        number = f"{item.info}{item.markup} " if item.info else ""
        return number + "\n".join(self._sentence(block) for block in said)

    def _code(self, node: SyntaxTreeNode) -> str:
        language = node.info.split()[0].lower() if node.info.strip() else ""
        return node.content.strip() if language in _TEXTS else self._words.code

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [
            [self._inline(cell).strip() for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        labels, *body = rows
        if not body:
            return self._sentence(self._row(labels))
        labels = [label if len(label) <= _LABEL_LENGTH else "" for label in labels]
        return "\n".join(self._sentence(self._row(cells, labels)) for cells in body)

    def _row(self, cells: list[str], labels: list[str] | None = None) -> str:
        words = self._words
        pairs = zip(labels or [""] * len(cells), cells, strict=False)
        return words.comma.join(
            f"{label}{words.colon}{cell}" if label else cell for label, cell in pairs if cell
        )

    def _sentence(self, text: str) -> str:
        """The text, with a stop where it has none: it stood apart."""
        if not text or text[-1] in _ENDS:
            return text
        return text + self._words.stop
