"""Demands of clients on a cluster: when, for how long, from where. The same for every system."""

import heapq
import random
from dataclasses import dataclass

MEDIAN = 2.5
"""Seconds of work of the median job, and `SPREAD` of its logarithm: short sentences mostly, some
paragraphs, as text-to-speech has."""
SPREAD = 0.8
LONGEST = 60.0
OFFICE = 0.8
"""Share of the jobs that come from behind one address."""
_OTHERS = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """One job of a session of its own. Times in seconds."""

    at: float
    length: float
    address: str


def arrivals(jobs: int, slots: int, load: float, seed: int) -> list[Arrival]:
    """A Poisson stream that keeps `slots` workers busy for `load` of their time."""
    draw = random.Random(seed)
    lengths = [min(LONGEST, MEDIAN * draw.lognormvariate(0, SPREAD)) for _ in range(jobs)]
    rate = load * slots / (sum(lengths) / jobs)
    found, now = [], 0.0
    for length in lengths:
        now += draw.expovariate(rate)
        office = draw.random() < OFFICE
        address = "203.0.113.1" if office else f"198.51.100.{draw.randrange(_OTHERS)}"
        found.append(Arrival(now, length, address))
    return found


def ideal_waits(trace: list[Arrival], slots: int) -> list[float]:
    """Seconds each job waits where all workers take from one line: nothing does better without
    knowing how long jobs are."""
    free = [0.0] * slots
    heapq.heapify(free)
    waits = []
    for arrival in trace:
        begin = max(arrival.at, heapq.heappop(free))
        heapq.heappush(free, begin + arrival.length)
        waits.append(begin - arrival.at)
    return waits
