"""The report of Playwright, and a table of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["expected", "flaky", "unexpected", "skipped"]
"""Playwright's words; flaky: passed when it was run again."""
_SHORT = {"expected": "pass", "flaky": "late", "unexpected": "FAIL", "skipped": "skip"}


def outcomes(report: Path) -> dict[str, Outcome]:
    """Return what became of every test, by file and title. Raises OSError where none was run."""
    content = json.loads(report.read_text(encoding="utf-8"))
    return dict(pair for suite in content["suites"] for pair in _of_suite(suite, ()))


def _of_suite(suite: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Outcome]]:
    titles = (*above, suite["title"])
    for spec in suite.get("specs", []):
        for number, test in enumerate(spec["tests"]):
            # The same title may stand twice in a file.
            name = " › ".join((*titles, spec["title"]))
            yield f"{name} ({spec['line']}.{number})", test["status"]
    for inner in suite.get("suites", []):
        yield from _of_suite(inner, titles)


def table(columns: dict[str, dict[str, Outcome]]) -> str:
    """A test a line where the columns differ or one fails, and the sums."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [f"{'':80}" + "".join(f"{column:>8}" for column in columns)]
    for name in names:
        cells = [_SHORT.get(column.get(name, ""), "-") for column in columns.values()]
        if len(set(cells)) > 1 or "FAIL" in cells:
            lines.append(f"{name[:79]:80}" + "".join(f"{cell:>8}" for cell in cells))
    for outcome, short in _SHORT.items():
        sums = [list(column.values()).count(outcome) for column in columns.values()]  # type: ignore[arg-type]
        lines.append(f"{short:80}" + "".join(f"{count:8}" for count in sums))
    return "\n".join(lines)
