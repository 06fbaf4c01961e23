"""The command line's entry: what happens from the first moment to the last.

Nothing that takes time is imported before Ctrl-C is looked after.
"""

import sys
from typing import NoReturn

from . import exit_codes
from .interrupts import Interrupts
from .streams import flushed, honest_streams, last_word


def main() -> NoReturn:
    """``cluster``: an expected failure is a line or two on standard error, never a traceback."""
    try:
        with Interrupts() as interrupts:
            try:
                honest_streams()
                # Here, as this imports the program, which takes a moment on a busy machine.
                from .running import run

                status = flushed(run(sys.argv[1:]))
            except KeyboardInterrupt:
                status = _interrupted()
            interrupts.end_at_once_if_any(status)
    except KeyboardInterrupt:
        # While the block was entered or left.
        status = _interrupted()
    sys.exit(status)


def _interrupted() -> int:
    last_word("Interrupted. Run the same command again to go on.")
    return exit_codes.INTERRUPTED
