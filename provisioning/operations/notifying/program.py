"""Run a program of the control machine that gets one JSON object."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ClusterError

_TAIL = 4096
_LONGEST = 500
_LINES = 8


class HookError(ClusterError):
    """A hook did not work; the message says which and why, and no secret."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a program."""

    status: int
    said: str
    """The end of what it printed, on one line."""


def run_program(
    words: Sequence[str], record: Mapping[str, Any], *, timeout: float, folder: Path | None = None
) -> Ended:
    """Run a program, without a shell, with the object on standard input, for at most ``timeout``
    seconds. What it leaves running is not waited for. Raises ``HookError`` with its name alone:
    arguments may be secrets."""
    name = words[0]
    # Files instead of pipes: nothing waits for a program that reads nothing, or for a daemon that
    # it leaves behind.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
        given.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        given.seek(0)
        try:
            process = subprocess.Popen(
                words,
                stdin=given,
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise HookError(f"{name} cannot be run: {reason}") from None
        try:
            with _ended_at_last(process):
                status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise HookError(f"{name} took more than {timeout:g} s and was ended") from None
        printed.seek(max(0, printed.seek(0, os.SEEK_END) - _TAIL))
        return Ended(status, _one_line(printed.read()))


@contextmanager
def _ended_at_last(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a program, and what it started, that is not waited for any more."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _one_line(printed: bytes) -> str:
    lines = printed.decode("utf-8", "replace").strip().splitlines()[-_LINES:]
    text = " / ".join(line.strip() for line in lines)
    return "".join(sign for sign in text if sign.isprintable())[-_LONGEST:]
