"""Machines whose clocks do not agree, or jump: sessions through the VIP and the history go on."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.lab.cluster import Cluster
from tests.lab.test_cluster import REAL_SERVERS
from tests.lab.test_cluster_sessions import speak

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture
def clocks(cluster: Cluster) -> Iterator[Cluster]:
    """A deployed cluster whose clocks are set right at the end."""
    cluster.write()
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    yield cluster
    for name in REAL_SERVERS:
        cluster.on(name, f"date -s @{time.time():.0f}")


def _stem(cluster: Cluster, number: int) -> str:
    body = {"model": "tts-1", "input": f"第{number}句", "voice": "cmn", "save": True}
    with httpx.Client(base_url=cluster.lab.url, timeout=60) as client:
        answer = client.post("/v1/audio/speech", json=body | {"stream": False})
    assert answer.status_code == 200, answer.text
    return Path(answer.headers["x-output"]).stem


def test_sessions_and_history_of_nodes_whose_clocks_do_not_agree(
    clocks: Cluster, tmp_path: Path
) -> None:
    clocks.on("rs1", "date -s '-10 minutes'")
    clocks.on("rs2", "date -s '+1 day'")
    nodes = {speak(clocks.lab.url, f"第{number}句", tmp_path) for number in range(12)}
    assert nodes == REAL_SERVERS
    # By the file server's clock, which is nas1's.
    made = [_stem(clocks, number) for number in range(6)]
    print(made)
    assert sorted(made) == made
    assert {stem.split("-")[1] for stem in made} == REAL_SERVERS
    clocks.on("rs1", "date -s '+1 day'")
    clocks.on("rs2", "date -s '-2 days'")
    for number in range(6):
        speak(clocks.lab.url, f"又{number}句", tmp_path)
    for name in REAL_SERVERS:
        log = clocks.on(name, "cat /var/log/cosyvoice/app.log")
        assert "a signature that is not valid" not in log
