"""A plain text: chapters by their headings, and lines that were wrapped for a screen made whole."""

import re

from .manuscript import Chapter, Text

_NUMBER = "[0-9０-９〇零一二三四五六七八九十百千两]{1,9}"
_CHINESE = re.compile(
    rf"(?:第\s?{_NUMBER}\s?[章回节卷部篇集幕](?![0-9a-z，。、])"
    r"|(?:序章|序言|楔子|引子|前言|尾声|后记|终章|番外|自序)(?![，。、的]))"
    r"[^。！？；，…]{0,40}"
)
_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the (?:first|last)"
_ENGLISH = re.compile(
    rf"(?:(?:chapter|part|book)\s+(?:[0-9]{{1,4}}|[ivxlcdm]{{1,8}}|{_WORDS})\b[.:]?(?!\s+[a-z]).{{0,60}}"
    r"|(?:prologue|epilogue|preface|foreword|introduction|afterword)[.:]?)",
    re.IGNORECASE,
)
_WRAPPED = range(50, 91)
"""Characters of the longest lines of a text that was wrapped."""
_SHORT_OF_LINES = 10
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")


def text_of(written: str, title: str) -> Text:
    """The chapters of a text. What stands before the first heading is one without a title."""
    chapters: list[tuple[str, list[str]]] = [("", [])]
    for line in unwrapped(written).split("\n"):
        if is_heading(line.strip()):
            chapters.append((line.strip(), [line]))
        else:
            chapters[-1][1].append(line)
    found = (Chapter(name, "\n".join(lines).strip()) for name, lines in chapters)
    return Text(title, tuple(chapter for chapter in found if chapter.text))


def is_heading(line: str) -> bool:
    """Tell whether a line of a text begins a chapter."""
    return bool(_CHINESE.fullmatch(line) or _ENGLISH.fullmatch(line))


def unwrapped(text: str) -> str:
    """The text with a line for each paragraph, where its lines were broken at some column and
    blank lines part paragraphs."""
    lines = [line.rstrip() for line in text.split("\n")]
    lengths = sorted(map(len, filter(None, lines)))
    if len(lengths) < _SHORT_OF_LINES or "" not in lines or _WIDE.search(text[:1000]):
        return text
    # A few lines stand out of every text: an address, a table.
    if lengths[int(len(lengths) * 0.98)] not in _WRAPPED:
        return text
    blocks = re.split(r"\n\s*\n", "\n".join(lines))
    return "\n\n".join(_joined(block) for block in blocks)


def _joined(block: str) -> str:
    """A heading keeps its line."""
    first, _, rest = block.strip("\n").partition("\n")
    if is_heading(first.strip()):
        return first if not rest else f"{first}\n{_joined(rest)}"
    return " ".join(line.strip() for line in block.split("\n") if line.strip())
