"""An inventory that cannot be used, as the end of a command."""

from pathlib import Path
from typing import IO, Any

import click

from provisioning.cli import exit_codes
from provisioning.cli.problem_view import counted, show_problems
from provisioning.model.problem import Problem


class WrongInventoryError(click.ClickException):
    """An inventory that cannot be used; shows every problem and exits with ``status``."""

    exit_code = exit_codes.INVALID

    def __init__(self, path: Path, problems: list[Problem], status: int) -> None:
        super().__init__(f"{path}: {counted(problems)}")
        self.problems = problems
        self.status = status

    def show(self, file: IO[Any] | None = None) -> None:
        """Every problem, on standard error."""
        show_problems(self.problems)

    def record(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "error": self.message,
            "problems": [problem.as_dict() for problem in self.problems],
        }
