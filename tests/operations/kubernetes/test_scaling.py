"""Scaling: the query by Prometheus' own program, and an autoscaler on load that comes and goes."""

import copy
import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.scaling.recorder import Sample

from .hpa import SYNC, Autoscaler
from .load import made_up, recorded, steady
from .simulated import SimulatedCluster, slots_of
from .site import container, one

_LABELS = 'job="cosyvoice-node",namespace="speech",service="tts-nodes"'
_SLOW = 10
"""Jobs of 50 s. Lulls are longer than the window then, and pods go in them and come back."""
_QUIET = 2 * 3600


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


def test_the_query_says_of_a_recorded_node_what_the_autoscaler_is_told_here(tmp_path: Path) -> None:
    samples = recorded().samples
    queried = _triggers("watched")["jobs-per-slot"]["query"]
    series = {
        "cosyvoice_jobs_running": [one.running for one in samples],
        "cosyvoice_jobs_waiting": [one.waiting for one in samples],
    }
    interval = round(samples[-1].seconds / (len(samples) - 1))
    test = {
        "evaluation_interval": f"{interval}s",
        "tests": [
            {
                "interval": f"{interval}s",
                "input_series": [
                    {"series": f"{key}{{{_LABELS}}}", "values": " ".join(map(str, values))}
                    for key, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": queried,
                        "eval_time": f"{number * interval}s",
                        "exp_samples": [{"labels": "{}", "value": _jobs_per_slot("watched", one)}],
                    }
                    for number, one in enumerate(samples)
                ],
            }
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(test), encoding="utf-8")
    words = ["promtool", "test", "rules", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["watched", "cards"])
def test_what_a_real_node_told_makes_no_oscillation(name: str) -> None:
    usual, restless = _told(name, _spec(name)), _told(name, _without_window(name))
    least = _spec(name)["minReplicaCount"]
    assert max(usual) >= 2 * least, "the load is too small to prove anything"
    # Up while it lasts, down when it is over.
    assert (_turns(usual), usual[-1]) == (1, least), usual
    assert _turns(restless) >= 3, restless


@pytest.mark.parametrize("stretch", [1, 3, _SLOW])
@pytest.mark.parametrize("name", ["watched", "cards"])
def test_recorded_load_makes_no_oscillation_and_cuts_no_job(name: str, stretch: int) -> None:
    recording = recorded(stretch)
    # As many such nodes' clients as keep about half of the pods that there may be busy.
    nodes = _spec(name)["maxReplicaCount"] * slots_of(name) // (2 * recording.slots)
    # Thrice, and then the night.
    load = 3 * recording.arrivals(nodes) + [0] * _QUIET
    usual, restless = SimulatedCluster(name), SimulatedCluster(name, spec=_without_window(name))
    for cluster in (usual, restless):
        cluster.take_about(recording.length())
        cluster.run(load)
        assert (cluster.cut, cluster.done) == (0, sum(load))
    spec, sizes = _spec(name), usual.sizes
    assert (max(sizes), sizes[-1]) == (spec["maxReplicaCount"], spec["minReplicaCount"])
    assert _turns(restless.sizes) > 3 * _turns(sizes), sizes
    # As eSpeak had it, and as an engine has it whose jobs take three times as long: 15 s.
    assert stretch == _SLOW or _turns(sizes) <= 3, sizes


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize("name", ["watched", "cards"])
def test_load_that_is_steady_but_for_chance_moves_a_pod_a_few_times_an_hour(
    name: str, share: float
) -> None:
    hours, seconds = 3, 20
    most = _spec(name)["maxReplicaCount"] * slots_of(name)
    load = steady(share * most / seconds, hours * 3600)
    usual, restless = SimulatedCluster(name), SimulatedCluster(name, spec=_without_window(name))
    for cluster in (usual, restless):
        cluster.take_about(seconds)
        cluster.run(load)
        assert cluster.cut == 0
    # One that goes and comes back is two turns.
    assert _turns(usual.sizes) <= hours * 2 * 3, usual.sizes
    assert _turns(restless.sizes) >= hours * 2 * 10, restless.sizes


@pytest.mark.parametrize("name", ["watched", "cards"])
def test_extremes_make_no_oscillation_and_cut_no_job(name: str) -> None:
    cluster = SimulatedCluster(name)
    cluster.run(made_up())
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
    spec = _without_window(name)
    usual, restless, hasty = (
        SimulatedCluster(name),
        SimulatedCluster(name, spec=spec),
        SimulatedCluster(name, 5, spec),
    )
    for cluster in (usual, restless, hasty):
        cluster.run(made_up())
    assert _turns(restless.sizes) > 2 * _turns(usual.sizes)
    assert restless.cut == 0
    # Without it they are cut, so that this test can see it.
    assert hasty.cut > 0


def _told(name: str, spec: dict[str, Any]) -> list[int]:
    """Pods that there are, while the node tells what it told, and is silent then."""
    recording, scaler = recorded(), Autoscaler(spec, spec["minReplicaCount"])
    sizes = []
    for now in range(0, recording.seconds + _QUIET, SYNC):
        load = _jobs_per_slot(name, recording.at(now))
        sizes.append(scaler.decide(now, {"jobs-per-slot": load, "gpu-utilisation": 0}))
    return sizes


def _jobs_per_slot(name: str, sample: Sample) -> float:
    return (sample.running + sample.waiting) / slots_of(name)


def _without_window(name: str) -> dict[str, Any]:
    spec = copy.deepcopy(_spec(name))
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    down["stabilizationWindowSeconds"] = 1
    down["policies"] = [{"type": "Percent", "value": 100, "periodSeconds": 15}]
    return spec


def _turns(sizes: list[int]) -> int:
    steps = [after - before for before, after in itertools.pairwise(sizes) if after != before]
    return sum((one > 0) != (two > 0) for one, two in itertools.pairwise(steps))
