"""Findings of the doctor, for a person and as data."""

import shlex
from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

from ...model.host_ranges.folded import folded
from ...operations.doctor.examination import Examination
from ...operations.doctor.finding import Finding, Severity, root_on
from ...operations.doctor.mending import Mended
from .folding import title

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
PAGE = "docs/doctor.md"

T = TypeVar("T")


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
    """Every finding with its evidence, cause and fix, once for all hosts that have the same; a
    last line that counts."""
    for alike in _together(examination.findings, _said):
        one, host = alike[0], f"{title([one.host for one in alike])}: " if alike[0].host else ""
        style = _STYLES[one.severity]
        head = Text.assemble((f"{one.severity} ", style), (f"{one.rule}  ", "dim"))
        console.print(Text.assemble(head, (host, "bold"), one.evidence), soft_wrap=True)
        console.print(Text(f"    {one.cause}", ""), soft_wrap=True)
        console.print(Text(f"    fix: {_fix(alike)}", "dim"), soft_wrap=True)
    for asked in _together(examination.unanswered, lambda one: (one[0], one[2])):
        rule, _, reason = asked[0]
        hosts = title([host for _, host, _ in asked])
        line = f"not asked {rule}  {hosts}: {reason.splitlines()[0] if reason else 'no answer'}"
        console.print(Text(line, "yellow"), soft_wrap=True)
    console.print(_count(examination))


def _together(every: Iterable[T], said: Callable[[T], Hashable]) -> list[list[T]]:
    """Those of which the same is said, in the order of the first ones."""
    groups: dict[Hashable, list[T]] = {}
    for one in every:
        groups.setdefault(said(one), []).append(one)
    return list(groups.values())


def _said(finding: Finding) -> Hashable:
    """All that is shown of a finding but its host."""
    if not finding.host:
        return finding
    elsewhere = finding.fix.replace(root_on(finding.host), root_on(""))
    return finding.rule, finding.severity, finding.evidence, finding.cause, elsewhere


def _fix(alike: list[Finding]) -> str:
    """The advice for all of these hosts."""
    one = alike[0]
    if len(alike) == 1:
        return one.fix
    # Of brackets a shell would make files.
    hosts = shlex.quote(folded(found.host for found in alike))
    return one.fix.replace(root_on(one.host), root_on(hosts))


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
