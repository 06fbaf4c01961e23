"""Checks of ``cluster verify``, for a person and as data."""

from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from ...operations.verify import CheckResult

_MARKS = {True: ("ok", "green"), False: ("FAILED", "bold red"), None: ("skipped", "yellow")}


def checks_record(checks: list[CheckResult]) -> dict[str, object]:
    """``{"ok": bool, "checks": [{"name": str, "ok": bool or null, "evidence": str,
    "fix": str}]}``; null is skipped."""
    return {
        "ok": all(check.ok is not False for check in checks),
        "checks": [asdict(check) for check in checks],
    }


def show_checks(console: Console, checks: list[CheckResult]) -> None:
    """Every check with what was seen; a last line that counts."""
    for check in checks:
        mark, style = _MARKS[check.ok]
        line = Text.assemble((f"{mark:>7}  ", style), (check.name, "bold"), f": {check.evidence}")
        console.print(line, soft_wrap=True)
        if check.ok is not True and check.fix:
            console.print(Text(f"{'':>9}fix: {check.fix}", "dim"), soft_wrap=True)
    counts = {ok: sum(check.ok is ok for check in checks) for ok in _MARKS}
    style = "bold red" if counts[False] else "bold green"
    text = f"{counts[True]} checks hold, {counts[False]} failed, {counts[None]} skipped"
    console.print(Text(text, style))
