"""Changes but an upgrade that restart the app on living nodes: a deploy of a setting, and a
rollback. Clients notice nothing of either, whichever process is killed in the middle."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rolling_upgrade.clients import load
from benchmarks.rolling_upgrade.releases import write_release
from tests.lab.cluster import Change, Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

NODES = ("rs1", "rs2", "rs3")
DIRECTORS = ("lvs1", "lvs2")
LIGHT = ("short", "stream")
"""Kinds of load that leave the lab's cores room."""


def queue(size: int) -> Change:
    def change(content: dict[str, Any]) -> None:
        content["app"]["queue_size"] = size

    return change


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of releases whose jobs take as long as their text says."""
    return tmp_path_factory.mktemp("releases")


@pytest.fixture(scope="module")
def base(releases: Path) -> Change:
    """The release that the nodes have first."""
    source = str(write_release(releases, "3.1"))

    def change(content: dict[str, Any]) -> None:
        content["services"] = [
            {"name": "web", "port": 7860, "scheduler": "rr", "persistence": None}
        ]
        content["app"] |= {"source": source, "workers": 2, "job_timeout": 90}
        # An app from elsewhere has it only where it is asked for.
        content["app"]["session_routing"] = True

    return change


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster, base: Change) -> Iterator[None]:
    cluster.write(base, queue(20))
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    yield
    cluster.write()


@pytest.fixture(autouse=True)
def _all_serve(cluster: Cluster) -> Iterator[None]:
    """Every test finds and leaves all nodes at their weight on both directors."""
    yield
    for director in DIRECTORS:
        assert list(cluster.weights(director).values()) == [1, 1, 1], director
    assert cluster.json("status")["drained"] == {}


def sizes(cluster: Cluster) -> list[int]:
    """The length of the line of each node, as its app says it."""
    found = []
    for name in NODES:
        url = f"http://{cluster.lab.topology.node(name).address}:7860/cluster/status"
        done = cluster.from_client("curl", "-sS", "--max-time", "20", url)
        found.append(int(json.loads(done.stdout)["queue_size"]))
    return found


@pytest.mark.long
def test_a_setting_comes_to_a_node_and_nobody_notices(cluster: Cluster, base: Change) -> None:
    cluster.write(base, queue(21))
    planned = cluster.run("plan", "--limit", "rs2")
    assert "rs2: drained first" in planned.stdout
    with load(cluster.lab, LIGHT) as seen:
        done = cluster.run("deploy", "--yes", "--limit", "rs2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sizes(cluster) == [20, 21, 20]
    assert seen.count("done") > 5
    assert seen.bad == 0, seen.told()


@pytest.mark.long
def test_a_setting_comes_to_all_nodes_and_nobody_notices(cluster: Cluster, base: Change) -> None:
    cluster.write(base, queue(22))
    with load(cluster.lab) as seen:
        done = cluster.run("deploy", "--yes", timeout=1200)
    # With the proof at its end: the directors have all of them back by then.
    assert done.returncode == 0, done.stdout + done.stderr
    assert sizes(cluster) == [22, 22, 22]
    assert seen.count("done") > 20
    assert seen.bad == 0, seen.told()


@pytest.mark.long
def test_a_deploy_that_is_killed_is_finished_by_the_next(cluster: Cluster, base: Change) -> None:
    cluster.write(base, queue(23))
    with load(cluster.lab, LIGHT) as seen:
        for last in ("its work to end", "cosyvoice", "back to work"):
            process = cluster.start("deploy", "--yes", "--no-verify")
            assert process.stdout
            for line in process.stdout:
                print(line, end="")
                if last in line and "rs" in line:
                    process.send_signal(signal.SIGKILL)
                    break
            process.wait()
            (name,) = cluster.json("status")["drained"]
            assert cluster.json("status")["drained"][name]["cause"] == "deploy"
        done = cluster.run("deploy", "--yes", "--no-verify", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sizes(cluster) == [23, 23, 23]
    assert seen.bad == 0, seen.told()


@pytest.mark.long
def test_one_that_an_operator_drained_stays_so(cluster: Cluster, base: Change) -> None:
    assert cluster.run("drain", "rs3", "--no-wait", "--reason", "换内存条").returncode == 0
    cluster.write(base, queue(24))
    with load(cluster.lab, LIGHT) as seen:
        done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sizes(cluster) == [24, 24, 24]
    assert cluster.json("status")["drained"]["rs3"]["reason"] == "换内存条"
    assert seen.bad == 0, seen.told()
    assert cluster.run("undrain", "rs3").returncode == 0


@pytest.mark.long
def test_a_rollback_after_a_cut_upgrade_and_nobody_notices(
    cluster: Cluster, base: Change, releases: Path
) -> None:
    """Two nodes have the new release and one is drained for it when the upgrade is killed: the
    rollback takes that one back first, so that two serve at any time."""
    cluster.write(base, queue(20))
    assert cluster.run("deploy", "--yes", "--no-verify", timeout=1200).returncode == 0
    old = cluster.json("releases")["hosts"]["rs1"]["current"]
    with load(cluster.lab) as seen:
        new = str(write_release(releases, "3.2"))
        words = ("--yes", "--no-verify", "--soak", "5s", "--soak-rest", "5s", "--to", new)
        process = cluster.start("rolling-upgrade", *words)
        assert process.stdout
        for line in process.stdout:
            print(line, end="")
            if "rs3: stopping" in line:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
        assert "rs3" in cluster.json("status")["drained"]
        done = cluster.run("rollback", "--to", old, "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "aborted" in done.stdout
    assert {one["current"] for one in cluster.json("releases")["hosts"].values()} == {old}
    assert seen.bad == 0, seen.told()
    assert cluster.run("rollback", "--lift").returncode == 0
