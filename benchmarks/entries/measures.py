"""What is measured of a way in."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.entries.load import Load, asked
from benchmarks.entries.machines import Machines
from benchmarks.entries.nodes import SLOTS
from benchmarks.entries.ways import Way

_IDLE = Path(__file__).with_name("idle.py").read_text(encoding="utf-8")
_MANY = 32
_PORTS = 20_000
"""Of one address, fewer than the kernel has for one place."""


@dataclass(frozen=True)
class Idle:
    """Connections that are held without a word."""

    wanted: int
    held: int
    alive: int
    """Those of them that still answered in the end."""
    memory: int
    """Bytes of the director's for all of them."""


@dataclass(frozen=True)
class Measured:
    """All of it."""

    slots: int
    """Behind it, for overload."""
    new: Load
    """Each request on a connection of its own."""
    kept: Load
    one: Load
    """One client alone, for times."""
    sound: Load
    overload: Load
    """Twice as many at once as there are slots."""
    idle: Idle


def measured(machines: Machines, way: Way, seconds: float, idle: int) -> Measured:
    """One after the other. Raises ``Failed``."""
    quick = f"http://{way.address}:{way.quick}"
    slow = f"http://{way.address}:{way.slow}/job"
    slots = SLOTS * way.behind
    # First, as programs keep what they once had.
    held = _idle(machines, way, idle)
    return Measured(
        slots=slots,
        new=asked(machines, f"{quick}/small", seconds, _MANY, "Connection: close"),
        kept=asked(machines, f"{quick}/small", seconds, _MANY),
        one=asked(machines, f"{quick}/small", seconds, 1),
        sound=asked(machines, f"{quick}/sound", seconds, 8),
        overload=asked(machines, slow, seconds, 2 * slots),
        idle=held,
    )


def _idle(machines: Machines, way: Way, number: int) -> Idle:
    program = machines.put(machines.client, "idle.py", _IDLE)
    sources = machines.sources(-(-number // _PORTS))
    words = ["python3", "-I", program, way.address, str(way.quick), str(number), *sources]
    before = machines.memory(machines.director)
    client = subprocess.Popen(
        machines.command(machines.client, words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdout is not None and client.stdin is not None
    held = int(client.stdout.readline() or 0)
    memory = machines.memory(machines.director) - before
    client.stdin.close()
    alive = int(client.stdout.readline() or 0)
    client.wait()
    return Idle(number, held, alive, max(0, memory))
