"""Docstrings open with an imperative or a noun phrase: a clause says too late what it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLAUSE = re.compile(r"(What|Who|Whose|Whether|Where|Which|When|Why|How)\b")


def openings(text: str) -> Iterator[str]:
    """First lines of the docstrings in a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield (ast.get_docstring(node) or "").partition("\n")[0]


def test_a_clause_is_seen() -> None:
    assert [bool(CLAUSE.match(line)) for line in openings('"""Whether it is."""')] == [True]
    assert not CLAUSE.match("However it is.")


def test_no_docstring_opens_with_a_clause() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for tree in ("app", "provisioning")
        for path in sorted((ROOT / tree).rglob("*.py"))
        for line in openings(path.read_text())
        if CLAUSE.match(line)
    ]
    assert found == []
