"""Conversation of an operation with the terminal."""

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from ..engine.apply_plans import ApplyResult
from ..engine.progress import Progress
from ..operations.planning import Plans
from ..operations.run.run import Run
from ..operations.verify import CheckResult
from .asking import confirm
from .views.checks import show_checks
from .views.plan import show_lacking, show_plans, show_result
from .views.progress import progress_on


@dataclass(slots=True)
class ConsoleDialogue:
    """See ``Dialogue``."""

    console: Console
    run: Run
    yes: bool = False
    """Nothing is asked."""
    quiet: bool = False
    """No progress is shown."""
    result: dict[str, Any] = field(default_factory=dict)
    """For ``--json``: ``{"hosts": {name: {"outcome": str, "message": str}}, "skipped": {name:
    reason}, "lacking": [str], "checks": [as ``verify --json``], "notes": [str]}``, of these what
    was reported."""

    def confirm(self, plans: Plans, question: str) -> None:
        """See ``Dialogue``."""
        show_plans(self.console, plans)
        if plans.changes:
            confirm(question, yes=self.yes, err=self.quiet)

    def progress(self) -> AbstractContextManager[Progress]:
        """See ``Dialogue``."""
        return progress_on(self.console, quiet=self.quiet)

    def report(self, result: ApplyResult) -> None:
        """See ``Dialogue``."""
        show_result(self.console, result, self.run)
        self.result["hosts"] = {
            name: {"outcome": host.outcome, "message": host.message}
            for name, host in result.hosts.items()
        }
        self.result["skipped"] = dict(result.skipped)

    def report_lacking(self, lacking: list[str]) -> None:
        """See ``Dialogue``."""
        show_lacking(self.console, lacking)
        self.result["lacking"] = lacking

    def report_checks(self, checks: list[CheckResult]) -> None:
        """See ``Dialogue``."""
        show_checks(self.console, checks)
        self.result["checks"] = [asdict(check) for check in checks]

    def note(self, text: str) -> None:
        """See ``Dialogue``."""
        self.console.print(Text(text, "yellow"), soft_wrap=True)
        self.result.setdefault("notes", []).append(text)

    def done(self, text: str) -> None:
        """See ``Dialogue``."""
        self.console.print(Text(text, "bold green"), soft_wrap=True)
        self.result.setdefault("notes", []).append(text)
