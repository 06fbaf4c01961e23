"""Load at the lab's client, for the time of a block."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rolling_upgrade.load import KINDS
from provisioning.lab.running import Lab

_LEAD = 5.0
"""Seconds of load before and after what is measured."""
_LAST = 180.0
"""Seconds that the last requests may take."""


class Load:
    """Its outcome is there once the block is over."""

    def __init__(self) -> None:
        self.tallies: dict[str, dict[str, Any]] = {}

    def count(self, what: str) -> int:
        """A figure over all kinds."""
        return sum(int(tally[what]) for tally in self.tallies.values())

    @property
    def bad(self) -> int:
        """Requests that somebody would have noticed."""
        return self.count("failed") + self.count("lost")

    def told(self) -> str:
        """A line a kind, and the first errors."""
        lines = []
        for kind, tally in self.tallies.items():
            numbers = ", ".join(
                f"{tally[key]} {key}" for key in ("begun", "done", "failed", "lost")
            )
            lines.append(f"  {kind:8} {numbers}, slowest {tally['slowest']} s")
            lines += [f"           {error}" for error in tally["errors"][:5]]
        return "\n".join(lines)


@contextmanager
def load(lab: Lab, kinds: Sequence[str] = tuple(KINDS)) -> Iterator[Load]:
    """Steady load through the VIP from the lab's client, from before the block until after it."""
    found = Load()
    with tempfile.TemporaryDirectory() as folder:
        stop = Path(folder) / "stop"
        url = f"http://{lab.topology.lan.vip}:7860"
        program = [sys.executable, "-m", "benchmarks.rolling_upgrade.load", url]
        command = lab.client_command([*program, "--stop-file", str(stop), "--kinds", *kinds])
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        try:
            time.sleep(_LEAD)
            yield found
            time.sleep(_LEAD)
        finally:
            stop.touch()
            try:
                out, _ = process.communicate(timeout=_LAST)
            except subprocess.TimeoutExpired:
                process.kill()
                out, _ = process.communicate()
        found.tallies = json.loads(out)
    print(f"load:\n{found.told()}", flush=True)
