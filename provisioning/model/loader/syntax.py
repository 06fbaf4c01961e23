"""PyYAML's errors as diagnostics for the author of an inventory."""

import re

import yaml
from yaml.reader import ReaderError

from .diagnostic import Diagnostic
from .excerpt import shortened
from .unseen import BREAKS

_QUOTE = "put the text in quotes"
_RANGE = re.compile(r"\{.*\w\[\w+[:-]\w+\]")

# PyYAML's message -> ours, and the fix. The first that matches is taken.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"found character '\\t'",
        "a tab; YAML is indented with spaces",
        "replace the tab by spaces",
    ),
    (
        r"found character '([@`%])'",
        r"a text cannot start with \1 here",
        _QUOTE,
    ),
    (
        r"mapping values are not allowed here",
        "a colon where none can stand: the line is indented too far, the value above it is not "
        "finished, or a text with a colon has no quotes",
        f"line the key up with its neighbours, or {_QUOTE}",
    ),
    (
        r"could not find expected ':'",
        "a key without its colon",
        "write `key: value`, with a space behind the colon",
    ),
    (
        r"expected <block end>, but found '<scalar>'",
        "text behind the end of a value; perhaps a quote inside quotes",
        "double a quote inside '…', or use the other kind of quotes",
    ),
    (
        r"expected <block end>, but found",
        "this line does not belong to the block above it",
        "line it up with its neighbours: same indent, and either all `- item` or all `key: value`",
    ),
    (
        r"expected '<document start>'",
        "this does not belong to the text above it",
        "an inventory is one mapping: `key: value`, keys at the left edge",
    ),
    (
        r"expected ',' or '([\]}])', but got '<stream end>'",
        r"a bracket is not closed: \1 is missing",
        r"close it with \1",
    ),
    (
        r"expected ',' or '([\]}])'",
        r"inside brackets a comma or \1 is missing",
        r"separate items with commas and close with \1",
    ),
    (
        r"found unexpected end of stream",
        "a quote is not closed",
        "close the quote",
    ),
    (
        r"found undefined alias '?([^']+)'?",
        r"*\1 refers to nothing: no &\1 stands above it",
        r"set the anchor &\1 first; a text that starts with * needs quotes",
    ),
    (
        r"second occurrence",
        "this anchor name is used twice",
        "give one of them another name",
    ),
    (
        r"but found another document",
        "a second document starts here (---)",
        "keep one document in the file",
    ),
    (
        r"found unknown escape character '(.+)'",
        r"\\\1 is not an escape YAML knows",
        "use single quotes, where a backslash is a backslash",
    ),
    (
        r"expected escape sequence of",
        "a backslash starts an escape between double quotes, and this is none",
        "use single quotes, where a backslash is a backslash",
    ),
    (
        r"contains itself$",
        "the alias stands inside what it refers to: {}",
        "write the values out",
    ),
    (
        r"more than \d+ values$",
        "with its aliases written out, the file has {}",
        "use fewer aliases",
    ),
    (r"levels deep$", "{}", "an inventory goes eight deep; check the indents and brackets"),
    (r"out of range", "the file {}", "remove it"),
)


def explain(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    """The error as a diagnostic with its place."""
    if isinstance(error, ReaderError):
        return _character(error, text, file)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or error)
    if "could not find expected ':'" in said:
        # PyYAML notices at the next line; the key is where it began.
        mark = getattr(error, "context_mark", None) or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    found = _line(text, mark.line) if mark else ""
    for pattern, message, fix in _KNOWN:
        if match := re.search(pattern, said):
            if _RANGE.search(found):
                fix = "inside braces put a name or an address with a range in quotes"
            return Diagnostic(
                file,
                line,
                column,
                "",
                "not YAML: " + match.expand(message.replace("{}", said)),
                found,
                fix=match.expand(fix),
            )
    context = getattr(error, "context", None)
    said = f"{said} ({context})" if context else said
    return Diagnostic(file, line, column, "", f"not YAML: {said}", found)


def _character(error: ReaderError, text: str, file: str) -> Diagnostic:
    return Diagnostic(
        file,
        *_place(text, error.position),
        "",
        f"the character U+{ord(text[error.position]):04X} is not allowed in YAML",
        fix="remove it; it cannot be seen in most editors",
    )


def stray_break(text: str, file: str) -> Diagnostic | None:
    """The first line break that PyYAML sees and editors do not: a comment would end there."""
    place = next((n for n, character in enumerate(text) if character in BREAKS), None)
    if place is None:
        return None
    line, column = _place(text, place)
    return Diagnostic(
        file,
        line,
        column,
        "",
        f"the character U+{ord(text[place]):04X} ends the line for some programs only",
        fix="remove it; between double quotes it can be written as an escape",
    )


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    content = lines[number].strip() if number < len(lines) else ""
    # A line that may hold a secret stays out of terminals and logs.
    return "" if re.search(r"pass|secret|token", content, re.IGNORECASE) else shortened(content)
