"""Standard output and error: whatever is printed can be, or its loss is a failure that is told."""

import codecs
import contextlib
import io
import os
import sys

from . import exit_codes


def honest_streams() -> None:
    """A sign that the terminal's encoding lacks is shown as an escape and stops nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # ASCII is what C and POSIX locales say, and nothing about the terminal.
            says_nothing = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(
                encoding="utf-8" if says_nothing else None, errors="backslashreplace"
            )


def flushed(status: int) -> int:
    """The status to end with once all that was printed is out: failed where it cannot be."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        _drop_output()
        if isinstance(error, BrokenPipeError | ValueError):
            return status
        last_word(lost_output(error))
        return status or exit_codes.FAILED
    return status


def lost_output(error: OSError) -> str:
    """Return the words to say where standard output takes no more."""
    return f"Error: the output cannot be written: {error.strerror or error}"


def last_word(text: str) -> None:
    """A line on standard error, if there is one."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _drop_output() -> None:
    """Python flushes once more at its end, and would complain."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
