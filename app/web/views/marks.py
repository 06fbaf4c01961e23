"""Wrong annotations, each with its place and the nearest right one."""

from collections.abc import Sequence
from html import escape

from ...annotations import Problem
from ..words import both, said


def marks_html(problems: Sequence[Problem]) -> str:
    """A list; a line selects its mark in the text, its button writes the right one."""
    if not problems:
        return ""
    lines = "".join(_line(problem) for problem in problems)
    return f'<div class="marks" role="group"><p>{both("marks_wrong")}</p><ul>{lines}</ul></div>'


def _line(problem: Problem) -> str:
    place = f'data-mark="{problem.start},{problem.end}"'
    nearest = (
        f'<button type="button" class="mend" {place} data-mend="{escape(problem.suggestion)}">'
        f"{both('marks_nearest')} <code>{escape(problem.suggestion)}</code></button>"
        if problem.suggestion
        else ""
    )
    return (
        f'<li><button type="button" {place}>{both("marks_character", problem.start + 1)} '
        f"<mark>{escape(problem.mark)}</mark></button> "
        f"<span>{said(problem.zh, problem.en)}</span> {nearest}</li>"
    )
