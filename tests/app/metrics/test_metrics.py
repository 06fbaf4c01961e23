"""`/metrics` of a real node, read by Prometheus's own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.app.node_process import RELEASE, NodeProcess


def samples(node: NodeProcess) -> dict[tuple[str, str], float]:
    """Values by name and first label."""
    text = node.get("/metrics").text
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_job_is_counted_in_every_way(faulty_node: NodeProcess) -> None:
    before = samples(faulty_node)
    assert faulty_node.speak(input="hello").status_code == 200
    after = samples(faulty_node)

    def grown(name: str, label: str = "") -> float:
        return after[name, label] - before[name, label]

    assert grown("cosyvoice_jobs_total", "done") == 1
    # A tenth of a second, at 8 kHz.
    assert grown("cosyvoice_audio_seconds_total") == pytest.approx(0.1)
    for name in ("queue_wait_seconds", "first_audio_seconds", "real_time_factor"):
        assert grown(f"cosyvoice_{name}_count") == 1
    assert after["cosyvoice_jobs_running", ""] == 0
    assert after["cosyvoice_capacity", ""] == 1
    assert after["cosyvoice_ready", ""] == 1


@pytest.mark.parametrize(
    ("text", "timeout", "outcome", "cause"),
    [("crash", 60, "failed", "crash"), ("hang", 1, "timed_out", "deadline")],
)
def test_a_replaced_worker_is_counted_by_its_cause(
    faulty_node: NodeProcess, text: str, timeout: int, outcome: str, cause: str
) -> None:
    before = samples(faulty_node)
    faulty_node.speak(input=text, timeout=timeout)
    faulty_node.wait_ready()
    after = samples(faulty_node)
    for key in (("cosyvoice_jobs_total", outcome), ("cosyvoice_worker_restarts_total", cause)):
        assert after[key] == before[key] + 1


def test_build_and_content_types(node: NodeProcess) -> None:
    with node.client() as client:
        plain = client.get("/metrics")
        modern = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")
    assert f'release="{RELEASE}"' in plain.text
    assert "process_resident_memory_bytes" in plain.text


def test_without_a_gpu_there_is_none(node: NodeProcess) -> None:
    assert node.status()["gpus"] == []
