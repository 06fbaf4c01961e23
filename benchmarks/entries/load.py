"""Load by wrk, which is quick enough not to be what is measured."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.entries.machines import Failed, Machines

_REPORT = """\
done = function(summary, latency, requests)
    io.write(string.format('\\n{"requests": %d, "bytes": %d, "microseconds": %d, "p50": %d, ' ..
        '"p99": %d, "refused": %d, "broken": %d}\\n', summary.requests, summary.bytes,
        summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of it."""

    seconds: float
    requests: int
    bytes: int
    refused: int
    """Answers that were no success."""
    broken: int
    """No answer at all."""
    p50: float
    p99: float
    """Seconds, of every answer."""
    processor: float
    """Seconds of processor time that the director took."""

    @property
    def each_second(self) -> float:
        """Successes."""
        return (self.requests - self.refused) / self.seconds

    @property
    def processor_each(self) -> float:
        """Seconds of the director's processors for one request."""
        return self.processor / max(1, self.requests)


def asked(machines: Machines, url: str, seconds: float, connections: int, *headers: str) -> Load:
    """Ask without a pause on so many connections. Raises ``Failed``."""
    report = machines.put(machines.client, "report.lua", _REPORT)
    words: Sequence[str] = (
        *("wrk", "-t", "1", "-c", str(connections), "-d", f"{max(1, round(seconds))}s"),
        *("-s", report, *(word for header in headers for word in ("-H", header)), url),
    )
    before = machines.processor_time(machines.director)
    command = machines.command(machines.client, words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = machines.processor_time(machines.director) - before
    if done.returncode != 0:
        raise Failed(f"wrk: {(done.stderr or done.stdout).strip()[-400:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(
        told["microseconds"] / 1e6,
        told["requests"],
        told["bytes"],
        told["refused"],
        told["broken"],
        told["p50"] / 1e6,
        told["p99"] / 1e6,
        took,
    )
