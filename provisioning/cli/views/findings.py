"""Findings of the doctor, for a person and as data."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from ...operations.doctor.examination import Examination
from ...operations.doctor.finding import Finding, Severity
from ...operations.doctor.mending import Mended

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
PAGE = "docs/doctor.md"


def examination_record(examination: Examination) -> dict[str, Any]:
    """``{"ok": bool, "findings": [{"rule", "host", "severity", "evidence", "cause", "fix", "page":
    str, "mend": [str]}], "unanswered": [{"rule", "host", "reason": str}]}``; ``ok`` is that there
    is no error, ``host`` is empty for the cluster as a whole."""
    return {
        "ok": examination.well,
        "findings": [_record(one) for one in examination.findings],
        "unanswered": [
            {"rule": rule, "host": host, "reason": reason}
            for rule, host, reason in examination.unanswered
        ],
    }


def _record(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "mend": list(finding.mend), "page": f"{PAGE}#{finding.rule}"}


def mended_record(mended: list[Mended]) -> list[dict[str, Any]]:
    """``[{"host": str, "command": [str], "ok": bool, "said": str}]``."""
    return [{**asdict(one), "command": list(one.command)} for one in mended]


def show_examination(console: Console, examination: Examination) -> None:
    """Every finding with its evidence, cause and fix; a last line that counts."""
    for one in examination.findings:
        host = f"{one.host}: " if one.host else ""
        style = _STYLES[one.severity]
        head = Text.assemble((f"{one.severity} ", style), (f"{one.rule}  ", "dim"))
        console.print(Text.assemble(head, (host, "bold"), one.evidence), soft_wrap=True)
        console.print(Text(f"    {one.cause}", ""), soft_wrap=True)
        console.print(Text(f"    fix: {one.fix}", "dim"), soft_wrap=True)
    for rule, host, reason in examination.unanswered:
        line = f"not asked {rule}  {host}: {reason.splitlines()[0] if reason else 'no answer'}"
        console.print(Text(line, "yellow"), soft_wrap=True)
    console.print(_count(examination))


def _count(examination: Examination) -> Text:
    counts = {
        severity: sum(one.severity is severity for one in examination.findings)
        for severity in Severity
    }
    words = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    if not words:
        return Text("Nothing found.", "bold green")
    style = "bold red" if counts[Severity.ERROR] else "yellow"
    return Text(f"{', '.join(words)}; {PAGE} explains each.", style)


def show_mends(console: Console, findings: list[Finding]) -> None:
    """Commands that are about to be run."""
    for one in findings:
        console.print(Text.assemble((f"{one.host}: ", "cyan"), " ".join(one.mend)), soft_wrap=True)


def show_mended(console: Console, mended: list[Mended]) -> None:
    """The outcome of each."""
    for one in mended:
        word, style = ("done", "green") if one.ok else ("FAILED", "bold red")
        line = Text.assemble((f"{one.host}: ", "cyan"), " ".join(one.command), (f"  {word}", style))
        console.print(line + Text(f": {one.said}" if one.said else ""), soft_wrap=True)
