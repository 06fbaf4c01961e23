"""Looks at a node's own metrics, as Prometheus has them."""

import asyncio
import time
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

_RUNNING, _WAITING = "cosyvoice_jobs_running", "cosyvoice_jobs_waiting"
_JOBS, _TURNED_AWAY = "cosyvoice_jobs_total", "busy"


@dataclass(frozen=True, slots=True)
class Sample:
    """Jobs of a node at a time in seconds; those that ended are counted, however they did."""

    seconds: float
    running: int
    waiting: int
    ended: int

    @property
    def idle(self) -> bool:
        """Nothing runs or waits."""
        return not (self.running or self.waiting)


def sample(text: str, seconds: float, before: int = 0) -> Sample:
    """What the metrics in the text say, less the jobs that had ended before. Raises ``KeyError``
    where they lack it."""
    found: dict[str, int] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.labels.get("outcome") != _TURNED_AWAY:
                found[one.name] = found.get(one.name, 0) + int(one.value)
    return Sample(seconds, found[_RUNNING], found[_WAITING], found[_JOBS] - before)


async def record(url: str, interval: float, asking: "asyncio.Task[list[int]]") -> list[Sample]:
    """Look every so many seconds, until the clients have their answers and the node is idle."""
    samples: list[Sample] = []
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        before = sample((await client.get("/metrics")).text, 0).ended
        began = time.monotonic()
        while not samples or not (asking.done() and samples[-1].idle):
            # By the clock, however long a look takes.
            await asyncio.sleep(began + interval * len(samples) - time.monotonic())
            now = time.monotonic() - began
            answer = (await client.get("/metrics")).raise_for_status()
            samples.append(sample(answer.text, now, before))
    return samples
