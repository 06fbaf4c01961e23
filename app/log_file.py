"""Standard output that is a file, and goes on in the new one once logrotate(8) has renamed it.

A copy and a truncation in its place (``copytruncate``) would lose what is written in between.
"""

import logging
import os
import stat
import sys
import threading
import time
from pathlib import Path

_OUTPUT = 1
_ERRORS = 2
_LOOK = 1.0
"""Seconds between two looks of a process that logs nothing."""


class LogFileHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Handler of records that go to standard output; ``path`` is the name of its file, if it is
    one. What else the process writes goes where its records go."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(sys.stdout)
        self._path = path
        self._descriptors = _of_the_file() if path is not None else ()
        self._complained = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, to the file that has the name now. One that was renamed meanwhile may
        have been left by those who read it, so that the new one has the record as well."""
        self._follow()
        super().emit(record)
        if self._follow():
            super().emit(record)

    def watch(self) -> None:
        """Follow from now on in a thread as well: of a process that logs nothing the last words
        may be a crash's, which no record is made of."""
        if self._descriptors:
            threading.Thread(target=self._look_for_ever, name="log file", daemon=True).start()

    def _look_for_ever(self) -> None:
        while True:
            time.sleep(_LOOK)
            with self.lock:  # type: ignore[union-attr]
                self._follow()

    def _follow(self) -> bool:
        """Go over to a new file of that name; true where there was one."""
        if self._path is None or not self._descriptors:
            return False
        try:
            there = self._path.stat()
            left = [n for n in self._descriptors if not os.path.samestat(os.fstat(n), there)]
            if not left:
                return False
            new = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
        except FileNotFoundError:
            # Not there yet: the old one is still as good.
            return False
        except OSError as error:
            self._complain(error)
            return False
        for number in left:
            os.dup2(new, number)
        os.close(new)
        return True

    def _complain(self, error: OSError) -> None:
        """Say once, in the old file, why the new one is not written."""
        if self._complained:
            return
        self._complained = True
        place, words = logging.getLogger(__name__), "the log goes on in its renamed file: %s"
        super().emit(place.makeRecord(place.name, logging.WARNING, "", 0, words, (error,), None))


def _of_the_file() -> tuple[int, ...]:
    """Descriptors that are followed: on a terminal or a pipe none."""
    output = os.fstat(_OUTPUT)
    if not stat.S_ISREG(output.st_mode):
        return ()
    return (_OUTPUT, _ERRORS) if os.path.samestat(output, os.fstat(_ERRORS)) else (_OUTPUT,)
