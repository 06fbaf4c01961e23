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
_SHARE = 18_000
"""Connections of one address: fewer than it has ports, and than a process may have files."""


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
    sources = machines.sources(-(-number // _SHARE))
    before = machines.memory(machines.director)
    clients = [
        subprocess.Popen(
            machines.command(
                machines.client,
                ["python3", "-I", program, way.address, str(way.quick), str(share), source],
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for source, share in zip(sources, _shares(number, len(sources)), strict=True)
    ]
    held = sum(_told(client) for client in clients)
    memory = machines.memory(machines.director) - before
    for client in clients:
        assert client.stdin is not None
        client.stdin.close()
    alive = sum(_told(client) for client in clients)
    for client in clients:
        client.wait()
    return Idle(number, held, alive, max(0, memory))


def _shares(number: int, of: int) -> list[int]:
    return [number // of + (index < number % of) for index in range(of)]


def _told(client: subprocess.Popen[str]) -> int:
    assert client.stdout is not None
    return int(client.stdout.readline() or 0)
