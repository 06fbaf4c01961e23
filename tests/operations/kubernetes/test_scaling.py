"""Scaling: the query by Prometheus' own program, and an autoscaler on load that comes and goes."""

import copy
import itertools
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .hpa import SYNC, Autoscaler
from .site import container, one

_LABELS = 'job="cosyvoice-node",namespace="speech",service="tts-nodes"'


def _spec(name: str) -> dict[str, Any]:
    found: dict[str, Any] = one(name, "ScaledObject")["spec"]
    return found


def _triggers(name: str) -> dict[str, dict[str, Any]]:
    return {trigger["name"]: trigger["metadata"] for trigger in _spec(name)["triggers"]}


def test_queries_say_what_the_triggers_are_called(tmp_path: Path) -> None:
    triggers = _triggers("cards")
    series = {
        # Two cards with two slots each: four jobs at a time in a pod.
        f'cosyvoice_jobs_running{{{_LABELS},node="tts-0"}}': "4x40",
        f'cosyvoice_jobs_running{{{_LABELS},node="tts-1"}}': "2x40",
        f'cosyvoice_jobs_waiting{{{_LABELS},node="tts-0"}}': "6x40",
        f'cosyvoice_jobs_waiting{{{_LABELS},node="tts-1"}}': "0x40",
        # Another release, and a cluster on hosts.
        'cosyvoice_jobs_running{job="cosyvoice-node",namespace="x",service="tts-nodes"}': "99x40",
        'cosyvoice_jobs_running{job="cosyvoice-node",node="rs1"}': "99x40",
        f'cosyvoice_gpu_utilization_ratio{{{_LABELS},node="tts-0",gpu="0"}}': "0.9x40",
        f'cosyvoice_gpu_utilization_ratio{{{_LABELS},node="tts-1",gpu="0"}}': "0.5x40",
    }
    values = {"jobs-per-slot": 3, "gpu-utilisation": 70}
    test = {
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": key, "values": x} for key, x in series.items()],
                "promql_expr_test": [
                    {
                        "expr": triggers[name]["query"],
                        "eval_time": "5m",
                        "exp_samples": [{"labels": "{}", "value": value}],
                    }
                    for name, value in values.items()
                ],
            }
        ]
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(test), encoding="utf-8")
    words = ["promtool", "test", "rules", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cards_are_a_trigger_only_where_there_are_any() -> None:
    assert [*_triggers("watched")] == ["jobs-per-slot"]
    assert _spec("cards")["triggers"][1]["metricType"] == "Value"
    assert container("cards")["resources"]["limits"] == {"nvidia.com/gpu": 2}


def test_an_autoscaler_does_as_the_documentation_has_it() -> None:
    scaler = Autoscaler(_spec("cards"), 2)
    quiet = {"jobs-per-slot": 1.6, "gpu-utilisation": 85}
    assert scaler.decide(0, quiet) == 2
    # The cards ask for more, though jobs do not; as much as is there again within a minute, or two.
    assert scaler.decide(15, {"jobs-per-slot": 1.6, "gpu-utilisation": 100}) == 3
    assert scaler.decide(30, {"jobs-per-slot": 9.0, "gpu-utilisation": 100}) == 4
    assert scaler.decide(45, {"jobs-per-slot": 9.0, "gpu-utilisation": 100}) == 4
    assert scaler.decide(90, {"jobs-per-slot": 9.0, "gpu-utilisation": 100}) == 8


@pytest.mark.parametrize("name", ["watched", "cards"])
def test_recorded_load_makes_no_oscillation_and_cuts_no_job(name: str) -> None:
    cluster = _Cluster(name)
    cluster.run(_arrivals())
    sizes = cluster.sizes
    assert max(sizes) == _spec(name)["maxReplicaCount"], "the load is too small to prove anything"
    assert sizes[-1] == _spec(name)["minReplicaCount"]
    # Two peaks, with a dip that is longer than the window: up, down, up, down at the most.
    assert _turns(sizes) <= 3, sizes
    assert cluster.cut == 0 and cluster.done > 1000


@pytest.mark.parametrize("name", ["watched", "cards"])
def test_without_the_window_there_is_more_coming_and_going_and_the_grace_still_saves_jobs(
    name: str,
) -> None:
    spec = copy.deepcopy(_spec(name))
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    down["stabilizationWindowSeconds"] = 1
    down["policies"] = [{"type": "Percent", "value": 100, "periodSeconds": 15}]
    usual, restless, hasty = _Cluster(name), _Cluster(name, spec=spec), _Cluster(name, 5, spec)
    for cluster in (usual, restless, hasty):
        cluster.run(_arrivals())
    assert _turns(restless.sizes) > 2 * _turns(usual.sizes)
    assert restless.cut == 0
    # Without it they are cut, so that this test can see it.
    assert hasty.cut > 0


def _turns(sizes: list[int]) -> int:
    steps = [after - before for before, after in itertools.pairwise(sizes) if after != before]
    return sum((one > 0) != (two > 0) for one, two in itertools.pairwise(steps))


def _arrivals() -> list[int]:
    """Requests in each second."""
    text = Path(__file__).with_name("load.csv").read_text(encoding="utf-8")
    minutes = [
        int(x) for line in text.splitlines() if not line.startswith("#") for x in line.split()
    ]
    chance = random.Random(7)
    found = []
    for count in minutes:
        at = [chance.randrange(60) for _ in range(count)]
        found += [at.count(second) for second in range(60)]
    return found


class _Cluster:
    """Pods with slots, one line before them; those that are scaled away end what they have."""

    def __init__(
        self, name: str, grace: int | None = None, spec: dict[str, Any] | None = None
    ) -> None:
        template = one(name, "StatefulSet")["spec"]["template"]["spec"]
        self.grace = grace or template["terminationGracePeriodSeconds"]
        environment = {entry["name"]: entry.get("value") for entry in container(name)["env"]}
        cards = "COSYVOICE_GPUS" in environment
        slots = 2 * int(environment["COSYVOICE_JOBS_PER_GPU"]) if cards else None
        self.slots = slots or int(environment["COSYVOICE_WORKERS"])
        self.longest = int(environment["COSYVOICE_LONGEST_TIMEOUT"])
        self.scaler = Autoscaler(spec or _spec(name), (spec or _spec(name))["minReplicaCount"])
        self.pods = [_Pod() for _ in range(self.scaler.replicas)]
        self.leaving: list[_Pod] = []
        self.waiting: list[int] = []
        self.sizes: list[int] = []
        self.chance = random.Random(11)
        self.cut = self.done = 0

    def run(self, arrivals: list[int]) -> None:
        for now, count in enumerate(arrivals):
            self.waiting += [self._length() for _ in range(count)]
            self._work(now)
            if now % SYNC == 0:
                self._scale(now)

    def _length(self) -> int:
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

    def _free(self, now: int) -> list["_Pod"]:
        return [pod for pod in self.pods if now >= pod.ready and len(pod.ends) < self.slots]

    def _scale(self, now: int) -> None:
        running = sum(len(pod.ends) for pod in [*self.pods, *self.leaving])
        busy = sum(min(1.0, len(pod.ends) / self.slots) for pod in self.pods) / len(self.pods)
        load = (running + len(self.waiting)) / self.slots
        # Utilisation of cards says less than jobs do: some work while they wait for a CPU.
        values = {"jobs-per-slot": load, "gpu-utilisation": 100 * busy * 0.9}
        wanted = self.scaler.decide(now, values)
        # A new pod loads its model for a minute and a half.
        self.pods += [_Pod(now + 90) for _ in range(wanted - len(self.pods))]
        for pod in self.pods[wanted:]:
            pod.killed = now + self.grace
        self.leaving += self.pods[wanted:]
        self.pods = self.pods[:wanted]
        self.sizes.append(wanted)


class _Pod:
    def __init__(self, ready: int = 0) -> None:
        self.ready = ready
        self.ends: list[int] = []
        self.killed = 0
