"""Processes that are nobody's children here."""

import time
from pathlib import Path


def lives(pid: int) -> bool:
    """Whether a process runs or sleeps; one that has ended and waits to be asked does not."""
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
