"""Loads for the autoscaler: one that a real node had, and others that were made up."""

import csv
import itertools
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.scaling.recorder import Sample

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Recording:
    """What `python -m benchmarks.scaling` wrote of a real node: its own metrics, every few seconds.

    `stretch` is the time in which what took a second is played: an engine whose jobs take ten times
    as long, asked ten times as seldom, has the same lines ten times slower.
    """

    samples: tuple[Sample, ...]
    slots: int
    stretch: int = 1

    @property
    def seconds(self) -> int:
        """Length as it is played."""
        return int(self.samples[-1].seconds * self.stretch) + 1

    def at(self, second: int) -> Sample:
        """What Prometheus knew then: the last that it was told."""
        told = (one for one in self.samples if one.seconds * self.stretch <= second)
        return max(told, key=lambda one: one.seconds, default=self.samples[0])

    def arrivals(self, times: int) -> list[int]:
        """Requests in each second, of so many nodes that were asked so at once. Between two looks
        they are spread by chance."""
        chance = random.Random(7)
        found = [0] * self.seconds
        start = Sample(self.samples[0].seconds, 0, 0, 0)
        for before, after in itertools.pairwise([start, *self.samples]):
            came = _known(after) - _known(before)
            for _ in range(times * came):
                at = chance.uniform(before.seconds, after.seconds) * self.stretch
                found[min(int(at), self.seconds - 1)] += 1
        return found

    def length(self) -> float:
        """Mean seconds of a job, by Little's law."""
        pairs = [*itertools.pairwise(self.samples)]
        busy = sum((b.seconds - a.seconds) * (a.running + b.running) / 2 for a, b in pairs)
        return busy / self.samples[-1].ended * self.stretch


@cache
def recorded(stretch: int = 1) -> Recording:
    """The recording of this folder."""
    text = (_HERE / "recorded-load.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    samples = tuple(
        Sample(float(row["seconds"]), *(int(row[key]) for key in ("running", "waiting", "ended")))
        for row in csv.DictReader(lines)
    )
    return Recording(samples, max(one.running for one in samples), stretch)


def made_up() -> list[int]:
    """Requests in each second of a day in short."""
    text = (_HERE / "made-up-load.csv").read_text(encoding="utf-8")
    minutes = [
        int(x) for line in text.splitlines() if not line.startswith("#") for x in line.split()
    ]
    chance = random.Random(7)
    found = []
    for count in minutes:
        at = [chance.randrange(60) for _ in range(count)]
        found += [at.count(second) for second in range(60)]
    return found


def steady(rate: float, seconds: int) -> list[int]:
    """Requests in each second, that come by chance, so many a second in the mean."""
    chance, found = random.Random(3), [0] * seconds
    at = chance.expovariate(rate)
    while at < seconds:
        found[int(at)] += 1
        at += chance.expovariate(rate)
    return found


def _known(sample: Sample) -> int:
    return sample.running + sample.waiting + sample.ended
