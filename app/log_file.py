"""Standard output that is a file, and goes on in the new one once logrotate(8) has renamed it.

A copy and a truncation in its place (``copytruncate``) would lose what is written in between.
"""

import logging
import os
import stat
import sys
from pathlib import Path

_OUTPUT = 1
_ERRORS = 2


class LogFileHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Handler of records that go to standard output; ``path`` is the name of its file, if it is
    one. What else writes to the process's descriptors follows with the next record."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(sys.stdout)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, to the file that has the name now. One that was renamed meanwhile may
        have been left by those who read it, so that the new one has the record as well."""
        if self._path is None:
            super().emit(record)
            return
        _follow(self._path)
        super().emit(record)
        if _follow(self._path):
            super().emit(record)


def _follow(path: Path) -> bool:
    """Go over to a new file of that name; true where there was one."""
    old = os.fstat(_OUTPUT)
    try:
        # On a terminal or a pipe there is nothing to follow.
        if not stat.S_ISREG(old.st_mode) or os.path.samestat(old, path.stat()):
            return False
        new = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    except OSError:
        # Not there yet, or not ours to write: the old one is still as good.
        return False
    errors = os.fstat(_ERRORS)
    os.dup2(new, _OUTPUT)
    if os.path.samestat(old, errors):
        os.dup2(new, _ERRORS)
    os.close(new)
    return True
