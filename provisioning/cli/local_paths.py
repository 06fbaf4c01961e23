"""Files and folders of this machine that a command line names.

One that cannot be is a wrong command line, told before any host is asked and any work is done.
"""

import os
from pathlib import Path
from typing import Any

import click

from ..model.paths import is_dir

GIVEN_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
"""A file that is read."""
GIVEN_PATH = click.Path(path_type=Path, exists=True)
"""A file or a folder that is read."""


class NewPath(click.Path):
    """A file or a folder to be written, in a folder that is there; with ``makes_folders`` the
    command makes those that are missing."""

    def __init__(self, *, folder: bool = False, makes_folders: bool = False) -> None:
        super().__init__(path_type=Path, file_okay=not folder, dir_okay=folder, writable=True)
        self._makes_folders = makes_folders

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take the path; fail as click does."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        above = path.absolute().parent
        while self._makes_folders and not os.path.lexists(above):
            above = above.parent
        if not os.path.lexists(above):
            self.fail(f"{path}: there is no folder {above}", param, ctx)
        if not is_dir(above):
            self.fail(f"{path}: {above} is no folder", param, ctx)
        if not (os.path.lexists(path) or os.access(above, os.W_OK | os.X_OK)):
            self.fail(f"{path}: {above} is not yours to write to", param, ctx)
        return path


NEW_FILE = NewPath()
"""A file that is written, in a folder that is there."""
