"""Processes that are nobody's children here, and what is waited for."""

import time
from collections.abc import Callable
from pathlib import Path


def lives(pid: int) -> bool:
    """Tell whether a process runs or sleeps; one that has ended and waits to be asked does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, seconds: float = 30) -> None:
    """Wait for the end of a process that was killed: one that was about to run goes a moment
    later. Raises AssertionError."""
    end = time.monotonic() + seconds
    while lives(pid):
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.05)


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Raises AssertionError."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def is_program(pid: int | str, *words: str) -> bool:
    """Tell whether a process runs these words; one that was only forked has its parent's."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == "\0".join([*words, ""]).encode()
    except (FileNotFoundError, ProcessLookupError):
        return False
