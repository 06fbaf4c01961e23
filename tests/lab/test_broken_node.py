"""Foundations of a node break under load: the file server hangs, the virtual IP goes from lo."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.rolling_upgrade.clients import load
from provisioning.lab import lifecycle
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import REAL_SERVERS, RR, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900)]

DIRECTORS = ("lvs1", "lvs2")
HANGING = 60.0
"""Seconds for which the file server is silent; NFS itself gives up nothing in that time."""


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster) -> None:
    cluster.write(RR)
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(autouse=True)
def _all_serve(cluster: Cluster) -> Iterator[None]:
    yield
    for director in DIRECTORS:
        wait_for("all nodes serve", lambda d=director: whole(cluster, d), 60)


def address(cluster: Cluster, name: str) -> str:
    return str(cluster.lab.topology.node(name).address)


def whole(cluster: Cluster, director: str) -> bool:
    """Tell whether a director's table sends to every real server."""
    return list(cluster.weights(director).values()) == [1, 1, 1]


@contextmanager
def hanging(cluster: Cluster, name: str) -> Iterator[None]:
    lifecycle.stop(cluster.lab, name)
    try:
        yield
    finally:
        lifecycle.resume(cluster.lab, name)


def looks(cluster: Cluster) -> list[tuple[str, float]]:
    """The status and the seconds of every node's page and readiness."""
    urls = [
        f"http://{address(cluster, name)}:7860{path}"
        for name in sorted(REAL_SERVERS)
        for path in ("/readyz", "/", "/config", "/cluster/status")
    ]
    asked = [word for url in urls for word in (url, "-o", "/dev/null")]
    form = "%{http_code} %{time_total}\\n"
    done = cluster.from_client("curl", "-sS", "--max-time", "30", "-w", form, *asked)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == len(urls), done.stderr
    return [(code, float(seconds)) for code, seconds in lines]


def saved(cluster: Cluster, name: str, text: str) -> str:
    """Path at which the node has kept the sound of the text, as it reports."""
    body = json.dumps(
        {"model": "tts-1", "input": text, "voice": "cmn", "save": True, "stream": False}
    )
    url = f"http://{address(cluster, name)}:7860/v1/audio/speech"
    words = ("-H", "Content-Type: application/json", "-d", body, "-o", "/dev/null", "-D", "-")
    head = cluster.from_client("curl", "-sS", "--max-time", "60", *words, url).stdout
    assert head.startswith("HTTP/1.1 200"), head
    (line,) = (line for line in head.splitlines() if line.lower().startswith("x-output:"))
    return Path(line.partition(":")[2].strip()).name


def test_a_file_server_that_hangs_keeps_nobody_from_speaking(cluster: Cluster) -> None:
    seen_looks: list[tuple[str, float]] = []
    with load(cluster.lab, ("short", "stream")) as seen, hanging(cluster, "nas1"):
        end = time.monotonic() + HANGING
        kept = [saved(cluster, name, f"{name} 断网也说") for name in sorted(REAL_SERVERS)]
        while time.monotonic() < end:
            seen_looks += looks(cluster)
            # No director has left a node out.
            assert all(whole(cluster, director) for director in DIRECTORS)
    slowest = max(seconds for _, seconds in seen_looks)
    print(f"MEASURED file server silent for {HANGING:.0f} s: {seen.count('done')} spoken,"
          f" {seen.bad} bad, {len(seen_looks)} looks, slowest {slowest:.2f} s")  # fmt: skip
    assert {code for code, _ in seen_looks} == {"200"}
    assert seen.count("done") > 10
    assert seen.bad == 0, seen.told()

    def shared() -> bool:
        names = cluster.on("nas1", "ls -R /srv")
        return all(name in names for name in kept)

    wait_for("what was spoken meanwhile is on the share", shared, 120)


def test_a_virtual_ip_that_is_taken_off_lo_is_back_before_anybody_notices(
    cluster: Cluster,
) -> None:
    vip = f"{cluster.lab.topology.lan.vip}/32"
    took = []
    with load(cluster.lab, ("short",)) as seen:
        for name in sorted(REAL_SERVERS) * 2:
            cluster.on(name, f"ip address del {vip} dev lo")
            bound = f"ip -o address show dev lo | grep -c ' {vip} ' || :"
            took.append(
                wait_for("it is back", lambda n=name, b=bound: cluster.on(n, b).strip() == "1", 20)
            )
    print(f"MEASURED VIP taken off lo {len(took)} times: back after {max(took):.2f} s at most,"
          f" {seen.count('done')} spoken, {seen.bad} bad")  # fmt: skip
    assert seen.bad == 0, seen.told()


def test_a_node_that_cannot_keep_it_is_left_out(cluster: Cluster) -> None:
    lost = address(cluster, "rs2")
    cluster.on("rs2", "supervisorctl stop lvs-real-server")
    try:
        out = wait_for(
            "both directors leave it out",
            lambda: all(cluster.weights(name).get(lost, 0) == 0 for name in DIRECTORS),
            30,
        )
        with load(cluster.lab, ("short",)) as seen:
            answered = cluster.nodes_that_answer(8)
        assert set(answered) == REAL_SERVERS - {"rs2"}
        assert seen.bad == 0, seen.told()
        faults = cluster.json("status")["faults"]
        (said,) = (fault for fault in faults if "is not on lo" in fault["text"])
        assert said["host"] == "rs2"
    finally:
        cluster.on("rs2", "supervisorctl start lvs-real-server")
    back = wait_for("it serves again", lambda: all(whole(cluster, d) for d in DIRECTORS), 60)
    print(f"MEASURED VIP lost for good: out after {out:.1f} s, back after {back:.1f} s")
