"""Time, processor and memory of a command, with all processes that it starts."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

_LOOK = 0.25
"""Seconds between looks at memory."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and MiB."""

    wall: float
    processor: float
    memory: float


class FailedError(Exception):
    """A command did not end well: its output."""


def run(argv: list[str], environment: dict[str, str]) -> tuple[Cost, str]:
    """Run a command to its end: its cost and output. Memory is the most at any look, pages that
    processes share counted once. Raises ``FailedError``."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        with _memory(process.pid) as most:
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if process.returncode != 0:
        raise FailedError(f"{' '.join(argv)}: status {process.returncode}\n{said[-4000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, most[0]), said


@contextlib.contextmanager
def _memory(pid: int) -> Iterator[list[float]]:
    most, end = [0.0], Event()

    def look() -> None:
        while not end.wait(_LOOK):
            most[0] = max(most[0], sum(_proportional(one) for one in _family(pid)) / 1024)

    thread = Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        end.set()
        thread.join()


def _family(pid: int) -> list[int]:
    """A process and its descendants (proc(5), task/TID/children)."""
    found = [pid]
    for one in found:
        for task in _listed(Path(f"/proc/{one}/task")):
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []


def _proportional(pid: int) -> int:
    """The memory of a process in KiB, its share of what is shared (proc(5), smaps_rollup)."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
