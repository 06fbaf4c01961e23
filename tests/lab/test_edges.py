"""Two edges with Nginx in front of two nodes, from the first deploy to a power cut."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.topology import Size
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.test_directors_heal import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]
SIZE = Size(directors=1, real_servers=2, storage=0, edges=2)
NAME = "tts.lab"
JOB = json.dumps({"model": "tts-1", "input": "你好", "response_format": "wav"})


@pytest.fixture
def cluster(make_lab: MakeLab, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(make_lab("edges", SIZE), tmp_path)
    made.write()
    yield made
    made.run("status")


def at(cluster: Cluster, path: str) -> str:
    return f"http://{cluster.lab.topology.lan.address(110)}:9080{path}"


def _encrypted(cluster: Cluster) -> None:
    """TLS ends on the edges, and a new certificate comes without a lost job."""

    def tls(content: dict[str, Any]) -> None:
        content["tls"] = {"names": [NAME], "authority": "cluster"}
        content["edges"]["names"] = [NAME]

    cluster.write(tls)
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    (trusted,) = cluster.folder.glob(".cluster/*/authority.crt")
    vip = cluster.lab.topology.lan.address(110)
    known = ("--cacert", str(trusted), "--resolve", f"{NAME}:443:{vip}", "--resolve")
    by_name = (*known, f"{NAME}:9080:{vip}")
    assert {spoken_by(cluster, f"https://{NAME}", *by_name) for _ in range(8)} == {"rs1", "rs2"}
    # A client that has not heard of it is led there.
    assert spoken_by(cluster, f"http://{NAME}:9080", "-L", *by_name) in {"rs1", "rs2"}
    with ThreadPoolExecutor(1) as beside:
        renewal = beside.submit(cluster.run, "certificates", "renew", "--yes")
        while not renewal.done():
            spoken_by(cluster, f"https://{NAME}", *by_name)
        assert renewal.result().returncode == 0
    told = cluster.json("certificates", "status")
    assert set(told["hosts"]) == {"rs1", "rs2", "edge1", "edge2"} and not told["faults"]
    assert len({one["serial"] for one in told["hosts"].values()}) == 1
    # Back to how it was, so that what follows asks as before.
    cluster.write()
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr


def spoken_by(cluster: Cluster, base: str = "", *more: str) -> str:
    """The node that says a sentence through the edges' VIP."""
    url = f"{base}/v1/audio/speech" if base else at(cluster, "/v1/audio/speech")
    told = cluster.from_client(
        "curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code} %header{x-node}", *more,
        "-H", "Content-Type: application/json", "-d", JOB, url,
    )  # fmt: skip
    status, _, node = told.stdout.partition(" ")
    assert status == "200", told
    return node


def holder(cluster: Cluster) -> str | None:
    held = [name for name in ("edge1", "edge2") if vip_on(cluster, name)]
    return held[0] if len(held) == 1 else None


def vip_on(cluster: Cluster, name: str) -> bool:
    seen = cluster.lab.exec(name, ["ip", "-o", "-4", "address", "show"]).stdout
    return f" {cluster.lab.topology.lan.address(110)}/" in seen


def test_edges_are_deployed_admit_jobs_know_drains_and_take_over(cluster: Cluster) -> None:
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "edges serve, and one holds their VIP" in done.stdout
    assert "Nothing to change" in cluster.run("deploy", "--yes", "--no-verify").stdout
    assert {spoken_by(cluster) for _ in range(8)} == {"rs1", "rs2"}

    assert cluster.run("drain", "rs1").returncode == 0
    assert {spoken_by(cluster) for _ in range(4)} == {"rs2"}
    told = json.loads(cluster.from_client("curl", "-sS", at(cluster, "/cluster/status")).stdout)
    assert (told["status"], told["healthy"]) == ("degraded", 1)
    assert cluster.run("undrain", "rs1").returncode == 0
    _encrypted(cluster)

    wait_for("one edge to have the VIP", lambda: holder(cluster) is not None, 30)
    before = str(holder(cluster))
    after = "edge2" if before == "edge1" else "edge1"
    assert cluster.run("switchover", "--edges").returncode == 0
    wait_for("the VIP to have moved", lambda: holder(cluster) == after, 30)

    lifecycle.kill(cluster.lab, after)
    wait_for("the other edge to have the VIP", lambda: vip_on(cluster, before), 30)
    assert spoken_by(cluster) in {"rs1", "rs2"}
    degraded = cluster.json("status")
    assert not degraded["healthy"] and after in degraded["unreachable"]
