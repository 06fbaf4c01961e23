"""Operations for tests, with an operator who answers yes."""

from collections.abc import Iterator
from contextlib import contextmanager

from provisioning.engine.apply_plans import ApplyResult
from provisioning.engine.fleet import Fleet
from provisioning.engine.journal import Journal
from provisioning.engine.progress import Progress, silent
from provisioning.operations.operation import Operation
from provisioning.operations.planning import Plans
from provisioning.operations.run import Run
from provisioning.operations.session import Site
from provisioning.operations.verify import CheckResult


class SilentDialogue:
    """A ``Dialogue`` that shows nothing and always continues."""

    def confirm(self, plans: Plans, question: str) -> None: ...

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        yield silent

    def report(self, result: ApplyResult) -> None: ...

    def report_lacking(self, lacking: list[str]) -> None: ...

    def report_checks(self, checks: list[CheckResult]) -> None: ...

    def note(self, text: str) -> None: ...

    def done(self, text: str) -> None: ...


def operation(
    site: Site, fleet: Fleet, run: Run | None = None, progress: Progress = silent
) -> Operation:
    """An operation under way; without a ``run``, in one of its own that holds nothing."""
    run = run or Run("test", "tester", Journal(site.history_dir, "test"), None)
    return Operation(site, run, fleet, SilentDialogue(), progress)
