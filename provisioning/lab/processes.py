"""Finding and ending a lab's processes by what the kernel knows of them.

Every process of a lab is started with a mark in its environment, which its children inherit.
The kernel shows it to root for as long as they live (proc(5), /proc/PID/environ), so nothing is
overlooked and no stranger is hit, whatever was or was not written down before a crash.
"""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .commands import ENVIRONMENT
from .errors import LabError

_MARK = "COSYVOICE_LAB_MEMBER"
_PROC = Path("/proc")
_PATIENCE = 10.0
"""Seconds a killed process may take to go; a kernel with 1.5 GB to free takes a moment."""


@dataclass(frozen=True)
class Process:
    """A live process of a lab. ``part`` is a machine's name or that of a daemon."""

    pid: int
    part: str
    is_leader: bool
    """PID 1 of its own PID namespace: with it, all of the part ends (pid_namespaces(7))."""
    is_stopped: bool
    resident: int
    """Bytes of memory in use."""


def start(
    argv: Sequence[str], lab: str, part: str, log: Path, pass_fds: Collection[int] = ()
) -> None:
    """Start a daemon: own session, no terminal, output to ``log``, marked as the lab's."""
    with log.open("ab") as output:
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**ENVIRONMENT, _MARK: f"{lab}/{part}"},
            cwd="/",
            pass_fds=pass_fds,
            start_new_session=True,
            umask=0o022,
        )


def of_lab(lab: str) -> list[Process]:
    """All live processes that bear the lab's mark."""
    return [process for pid in _pids() if (process := _marked(pid, lab))]


def of_part(lab: str, part: str) -> list[Process]:
    """All live processes of a machine or daemon of the lab."""
    return [process for process in of_lab(lab) if process.part == part]


def leader(lab: str, part: str) -> Process | None:
    """A machine's first process: the kernel of a UML machine, the init of another."""
    return next((process for process in of_part(lab, part) if process.is_leader), None)


def inside(namespaces: Collection[tuple[int, int]]) -> list[int]:
    """Processes other than this one whose network namespace is one of these."""
    found = []
    for pid in _pids():
        with suppress(OSError):
            status = (_PROC / str(pid) / "ns/net").stat()
            if (status.st_dev, status.st_ino) in namespaces and pid != os.getpid():
                found.append(pid)
    return found


def end_part(lab: str, part: str) -> None:
    """Kill a machine or daemon and wait until it is gone (LabError if it does not go)."""
    deadline = time.monotonic() + _PATIENCE
    while alive := of_part(lab, part):
        # The leader first: its children cannot be seen half-dead by a kernel that is gone.
        kill_each([process.pid for process in alive if process.is_leader] or _pids_of(alive))
        _wait(deadline, _pids_of(alive))


def end_all(lab: str, namespaces: Collection[tuple[int, int]]) -> int:
    """Kill whatever bears the lab's mark or is in its namespaces; return how many there were.

    Raises LabError if some do not go.
    """
    deadline = time.monotonic() + _PATIENCE
    seen: set[int] = set()
    while alive := {*_pids_of(of_lab(lab)), *inside(namespaces)}:
        seen |= alive
        kill_each(alive)
        _wait(deadline, alive)
    return len(seen)


def kill_each(pids: Collection[int]) -> None:
    """Send SIGKILL, also to those that are gone by now."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wait(deadline: float, pids: Collection[int]) -> None:
    if time.monotonic() > deadline:
        raise LabError(
            f"Processes of the lab did not end {_PATIENCE:.0f} s after SIGKILL:"
            f" {', '.join(map(str, sorted(pids)))}."
        )
    time.sleep(0.02)


def _pids_of(processes: Collection[Process]) -> list[int]:
    return [process.pid for process in processes]


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _marked(pid: int, lab: str) -> Process | None:
    folder = _PROC / str(pid)
    try:
        # A zombie's environment is empty: it counts as gone.
        environment = (folder / "environ").read_bytes().split(b"\0")
        mark = next((e for e in environment if e.startswith(f"{_MARK}={lab}/".encode())), None)
        if mark is None:
            return None
        fields = _status(folder)
    except OSError:
        return None
    return Process(
        pid=pid,
        part=mark.decode().partition("/")[2],
        is_leader=fields["NSpid"].split()[1:][-1:] == ["1"],
        is_stopped=fields["State"].startswith("T"),
        resident=int(fields.get("VmRSS", "0 kB").split()[0]) * 1024,
    )


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text(errors="replace").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
