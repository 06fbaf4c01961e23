"""Inventories that are not a file's text: a program's output, and standard input."""

import os
import subprocess  # nosec B404
import sys
from pathlib import Path

from ...errors import ClusterError

STDIN = Path("-")
_SECONDS = 60
"""Time for a program; what asks an inventory service takes a few."""


class ProgramError(ClusterError):
    """A program that gave no inventory, in words."""


def is_program(path: Path) -> bool:
    """Tell whether the file is to be run: executable, and a script with its interpreter or a
    binary. A mode alone says little; some file systems give it to every file."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError:
        return False
    return os.access(path, os.X_OK) and (start.startswith(b"#!") or start == b"\x7fELF")


def standard_input(most: int) -> bytes:
    """Standard input, and a byte past ``most`` where it is longer."""
    return sys.stdin.buffer.read(most + 1)


def output_of(path: Path) -> bytes:
    """Output of the program. Raises ``ProgramError``."""
    try:
        # The operator named it with -i.
        done = subprocess.run(  # nosec B603
            [path.absolute()], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(f"this program printed no inventory within {_SECONDS} s") from None
    except OSError as error:
        raise ProgramError(f"this program cannot be run: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        ending = f": {said[-1]}" if said else " and said nothing"
        raise ProgramError(f"this program ended with status {done.returncode}{ending}")
    if not done.stdout.strip():
        raise ProgramError("this program printed nothing")
    return done.stdout
