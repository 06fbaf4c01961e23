"""Shows what is wrong with an inventory, in the form compilers use and editors jump to."""

import click

from provisioning.cli.colour import colour
from provisioning.model.loader.diagnostic import Diagnostic

_MOST = 200
"""Past that, one wrong thing is said again and again."""
_COLOURS = {"error": "red", "warning": "yellow"}


def show_diagnostics(diagnostics: list[Diagnostic], *, err: bool = True) -> None:
    """Print each diagnostic with found, allowed and fix, then the counts."""
    for diagnostic in diagnostics[:_MOST]:
        click.echo(_shown(diagnostic), err=err, color=colour())
    if len(diagnostics) > _MOST:
        click.echo(f"… and {len(diagnostics) - _MOST} more; --json has all of them", err=err)
    if len(diagnostics) > 1:
        click.echo(counted(diagnostics) + ".", err=err)


def counted(diagnostics: list[Diagnostic]) -> str:
    """For example ``2 errors, 1 warning``."""
    words = []
    for severity in ("error", "warning"):
        if number := sum(diagnostic.severity == severity for diagnostic in diagnostics):
            words.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(words)


def _shown(diagnostic: Diagnostic) -> str:
    place = click.style(diagnostic.place, bold=True)
    severity = click.style(diagnostic.severity, fg=_COLOURS[diagnostic.severity], bold=True)
    key = [click.style(diagnostic.key, bold=True)] if diagnostic.key else []
    lines = [": ".join([place, severity, *key, diagnostic.message])]
    if diagnostic.found:
        lines.append(f"    found:   {diagnostic.found}")
    if diagnostic.allowed:
        lines.append(f"    allowed: {diagnostic.allowed}")
    if diagnostic.fix:
        lines.append("    fix:     " + click.style(diagnostic.fix, fg="green"))
    return "\n".join(lines)
