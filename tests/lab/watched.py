"""A lab that is watched: monitoring, central logs, a card, and a pager."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.lab.topology import CLIENTS, Size
from tests.lab.alert_sink import PORT, AlertSink, alert_sink
from tests.lab.cluster import Change, Cluster
from tests.lab.conftest import MakeLab
from tests.lab.lab_cards import put_cards
from tests.lab.test_directors_heal import wait_for

SIZE = Size(real_servers=2, monitoring=1, logs=1)
JOB = {"model": "tts-1", "input": "你好", "voice": "cmn", "response_format": "wav"}


@contextmanager
def watched_cluster(
    make: MakeLab, folder: Path, *changes: Change
) -> Iterator[tuple[Cluster, AlertSink]]:
    """The cluster, deployed and verified, and where its alerts go."""
    cluster = Cluster(make("watched", SIZE), folder)
    client = cluster.lab.topology.of_kind(CLIENTS)[0].address

    def watch(content: dict[str, Any]) -> None:
        url = folder / "url"
        url.write_text(f"http://{client}:{PORT}/hook")
        url.chmod(0o600)
        content["real_servers"]["hosts"]["rs2"]["gpus"] = 1
        content["monitoring"] |= {
            "interval": 5,
            "retention": {"gigabytes": 1},
            "receivers": [{"name": "pager", "type": "webhook", "url": {"file": str(url)}}],
        }

    put_cards(cluster, ("rs2",), 1, folder)
    cluster.write(watch, *changes)
    with alert_sink(cluster, folder) as sink:
        deployed(cluster)
        yield cluster, sink


def deployed(cluster: Cluster, *words: str) -> None:
    """The inventory as it is now, on every host."""
    done = cluster.run("deploy", "--yes", *words, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr


def asked(cluster: Cluster, query: str) -> list[dict[str, Any]]:
    """The answer of the monitoring host's Prometheus."""
    address = cluster.lab.topology.node("mon1").address
    url = f"http://{address}:9090/api/v1/query"
    answer = cluster.on("mon1", f"curl -fsSG --data-urlencode 'query={query}' {url}")
    return list(json.loads(answer)["data"]["result"])


def spoken(cluster: Cluster) -> str:
    """The identifier of a request that was served through the VIP."""
    url = f"http://{cluster.lab.topology.vip}:7860/v1/audio/speech"
    done = cluster.from_client(
        "curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code} %header{x-request-id}",
        "-H", "Content-Type: application/json", "-d", json.dumps(JOB), url,
    )  # fmt: skip
    status, name = done.stdout.split()
    assert status == "200"
    return name


def quiet(cluster: Cluster, sink: AlertSink) -> None:
    """Wait until nothing burns, and begin anew."""
    wait_for("no alert burns", lambda: cluster.json("alerts")["alerts"] == [], 400)
    wait_for("the pager knows", lambda: not sink.firing(), 200)
    sink.forget()
