"""The processes of a node, and what they have now."""

import re
from dataclasses import dataclass
from pathlib import Path

import httpx

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class State:
    """Memory is resident, in MiB."""

    web: float
    workers: float
    threads: int
    descriptors: int
    """As threads, of the web process."""
    connections: int
    restarts: int
    worked: float
    """Seconds of work that its workers did, all together."""

    def __str__(self) -> str:
        return (
            f"web {self.web:.0f} MiB, workers {self.workers:.0f} MiB, "
            f"{self.threads} threads, {self.descriptors} descriptors, "
            f"{self.connections} connections, "
            f"{self.restarts} workers replaced"
        )


async def state_of(url: str) -> State:
    """The state of the node at the URL, whose processes are on this machine."""
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        metrics = (await client.get("/metrics")).text
        status = (await client.get("/cluster/status")).json()
    pids = [worker["pid"] for worker in status["workers"] if worker["pid"]]
    return State(
        web=_value(metrics, "process_resident_memory_bytes") / _MIB,
        workers=sum(map(_resident, pids)),
        threads=_threads(_parent(pids[0])) if pids else 0,
        descriptors=int(_value(metrics, "process_open_fds")),
        connections=int(_value(metrics, "cosyvoice_connections")),
        restarts=sum(status["restarts"].values()),
        worked=status["jobs"]["seconds_working"],
    )


def _value(metrics: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _resident(pid: int) -> float:
    return _of_process(pid, r"^VmRSS:\s+(\d+) kB$") / 1024


def _parent(worker: int) -> int:
    """The web process, which starts its workers."""
    return _of_process(worker, r"^PPid:\s+(\d+)$")


def _threads(pid: int) -> int:
    return _of_process(pid, r"^Threads:\s+(\d+)$")


def _of_process(pid: int, pattern: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(pattern, status, re.MULTILINE)
    return int(found[1]) if found else 0
