"""Shows what is wrong with an inventory, in the form compilers use and editors jump to."""

import click

from provisioning.cli.colour import colour
from provisioning.model.problem import Problem

_MOST = 200
"""Past that, one wrong thing is said again and again."""
_COLOURS = {"error": "red", "warning": "yellow"}


def show_problems(problems: list[Problem], *, err: bool = True) -> None:
    """Every problem with what was found, what is allowed and the fix; then how many there are."""
    for problem in problems[:_MOST]:
        click.echo(_shown(problem), err=err, color=colour())
    if len(problems) > _MOST:
        click.echo(f"… and {len(problems) - _MOST} more; --json has all of them", err=err)
    if len(problems) > 1:
        click.echo(counted(problems) + ".", err=err)


def counted(problems: list[Problem]) -> str:
    """For example ``2 errors, 1 warning``."""
    words = []
    for severity in ("error", "warning"):
        if number := sum(problem.severity == severity for problem in problems):
            words.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(words)


def _shown(problem: Problem) -> str:
    place = click.style(problem.place, bold=True)
    severity = click.style(problem.severity, fg=_COLOURS[problem.severity], bold=True)
    key = [click.style(problem.key, bold=True)] if problem.key else []
    lines = [": ".join([place, severity, *key, problem.message])]
    if problem.found:
        lines.append(f"    found:   {problem.found}")
    if problem.allowed:
        lines.append(f"    allowed: {problem.allowed}")
    if problem.fix:
        lines.append("    fix:     " + click.style(problem.fix, fg="green"))
    return "\n".join(lines)
