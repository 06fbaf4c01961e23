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
    descriptors: int
    """Of the web process."""
    connections: int
    restarts: int

    def __str__(self) -> str:
        return (
            f"web {self.web:.0f} MiB, workers {self.workers:.0f} MiB, "
            f"{self.descriptors} descriptors, {self.connections} connections, "
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
        descriptors=int(_value(metrics, "process_open_fds")),
        connections=int(_value(metrics, "cosyvoice_connections")),
        restarts=sum(status["restarts"].values()),
    )


def _value(metrics: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
