"""Pods of a StatefulSet that an autoscaler makes more and fewer, and their jobs."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .hpa import SYNC, Autoscaler
from .site import container, one

_LOADING = 90
"""Seconds until a new pod has its model."""


@dataclass
class Pod:
    """Times are in seconds: since when it is ready, when its jobs end, when it is killed."""

    ready: int = 0
    ends: list[int] = field(default_factory=list)
    killed: int = 0


class SimulatedCluster:
    """Pods with slots, one line before them; those that are scaled away end what they have."""

    def __init__(
        self, name: str, grace: int | None = None, spec: dict[str, Any] | None = None
    ) -> None:
        template = one(name, "StatefulSet")["spec"]["template"]["spec"]
        self.grace = grace or template["terminationGracePeriodSeconds"]
        environment = {entry["name"]: entry.get("value") for entry in container(name)["env"]}
        self.slots = slots_of(name)
        self.longest = int(str(environment["COSYVOICE_LONGEST_TIMEOUT"]))
        spec = spec or one(name, "ScaledObject")["spec"]
        self.scaler = Autoscaler(spec, spec["minReplicaCount"])
        self.pods = [Pod() for _ in range(self.scaler.replicas)]
        self.leaving: list[Pod] = []
        self.waiting: list[int] = []
        self.sizes: list[int] = []
        self.chance = random.Random(11)
        self.length: Callable[[], int] = self._long_at_times
        self.cut = self.done = 0

    def run(self, arrivals: list[int]) -> None:
        """Take so many jobs in each second."""
        for now, count in enumerate(arrivals):
            self.waiting += [self.length() for _ in range(count)]
            self._work(now)
            if now % SYNC == 0:
                self._scale(now)

    def take_about(self, seconds: float) -> None:
        """Have jobs take so long in the mean, and none longer than one may."""

        def length() -> int:
            return min(self.longest, max(1, round(self.chance.expovariate(1 / seconds))))

        self.length = length

    def _long_at_times(self) -> int:
        """Most jobs are short, some take as long as a job may."""
        return self.longest if self.chance.random() < 0.05 else self.chance.randint(5, 30)

    def _work(self, now: int) -> None:
        for pod in [*self.pods, *self.leaving]:
            self.done += sum(end <= now for end in pod.ends)
            pod.ends = [end for end in pod.ends if end > now]
        while self.waiting and (free := self._free(now)):
            # Whichever has the least to do, as two choices and lending bring about.
            pod = min(free, key=lambda pod: (len(pod.ends), self.chance.random()))
            pod.ends.append(now + self.waiting.pop(0))
        for pod in self.leaving:
            if now >= pod.killed:
                self.cut += len(pod.ends)
                pod.ends = []
        self.leaving = [pod for pod in self.leaving if pod.ends]

    def _free(self, now: int) -> list[Pod]:
        return [pod for pod in self.pods if now >= pod.ready and len(pod.ends) < self.slots]

    def _scale(self, now: int) -> None:
        running = sum(len(pod.ends) for pod in [*self.pods, *self.leaving])
        busy = sum(min(1.0, len(pod.ends) / self.slots) for pod in self.pods) / len(self.pods)
        load = (running + len(self.waiting)) / self.slots
        # Utilisation of cards says less than jobs do: some work while they wait for a CPU.
        values = {"jobs-per-slot": load, "gpu-utilisation": 100 * busy * 0.9}
        wanted = self.scaler.decide(now, values)
        self.pods += [Pod(now + _LOADING) for _ in range(wanted - len(self.pods))]
        for pod in self.pods[wanted:]:
            pod.killed = now + self.grace
        self.leaving += self.pods[wanted:]
        self.pods = self.pods[:wanted]
        self.sizes.append(wanted)


def slots_of(name: str) -> int:
    """Slots of a site's pod: those of its cards, else its workers."""
    environment = {entry["name"]: entry.get("value") for entry in container(name)["env"]}
    if "COSYVOICE_GPUS" not in environment:
        return int(environment["COSYVOICE_WORKERS"])
    limits = container(name)["resources"]["limits"]
    return int(limits["nvidia.com/gpu"]) * int(environment["COSYVOICE_JOBS_PER_GPU"])
