"""An inventory that cannot be used, as the end of a command."""

from pathlib import Path
from typing import IO, Any

import click

from provisioning.cli import exit_codes
from provisioning.cli.diagnostic_view import counted, show_diagnostics
from provisioning.model.loader.diagnostic import Diagnostic


class WrongInventoryError(click.ClickException):
    """An inventory that cannot be used; shows every diagnostic and exits with ``status``."""

    exit_code = exit_codes.INVALID

    def __init__(self, path: Path, diagnostics: list[Diagnostic], status: int) -> None:
        super().__init__(f"{path}: {counted(diagnostics)}")
        self.diagnostics = diagnostics
        self.status = status

    def show(self, file: IO[Any] | None = None) -> None:
        """Every diagnostic, on standard error."""
        show_diagnostics(self.diagnostics)

    def record(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "error": self.message,
            "diagnostics": [diagnostic.as_dict() for diagnostic in self.diagnostics],
        }
