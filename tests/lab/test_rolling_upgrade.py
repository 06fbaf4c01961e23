"""Upgrades of a living cluster under load: nobody notices, whatever the release does and whoever
is killed in the middle."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rolling_upgrade.clients import load
from benchmarks.rolling_upgrade.releases import (
    CANNOT_SPEAK,
    CRASHES_AFTER_A_MINUTE,
    FAILS_TO_START,
    SPEAKS_SLOWLY,
    write_release,
)
from provisioning.lab import lifecycle
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]

NODES = ("rs1", "rs2", "rs3")
QUICK = ("--yes", "--no-verify", "--soak", "10s", "--soak-rest", "5s")
LIGHT = ("short", "stream", "session")
"""Kinds of load that leave the lab's cores room."""


class Releases:
    """Sources of releases, each of another version."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def next(self, faults: dict[str, str] | None = None) -> Path:
        """A new one."""
        self.count += 1
        return write_release(self.folder, f"2.{self.count}", faults)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster, releases: Releases) -> Iterator[None]:
    """All nodes run a first release, weighted so that shares of a weight make a difference."""

    def change(content: dict[str, Any]) -> None:
        content["services"] = [
            {"name": "web", "port": 7860, "scheduler": "wlc", "persistence": None}
        ]
        content["app"] |= {"source": str(releases.next()), "workers": 2, "job_timeout": 90}
        # An app from elsewhere has it only where it is asked for.
        content["app"]["session_routing"] = True
        for name in NODES:
            content["real_servers"]["hosts"][name]["weight"] = 100

    cluster.write(change)
    done = cluster.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    yield
    cluster.write()


@pytest.fixture(autouse=True)
def _healthy(cluster: Cluster) -> Iterator[None]:
    """Every test finds and leaves all nodes at their weight on both directors."""
    yield
    for director in ("lvs1", "lvs2"):
        assert list(cluster.weights(director).values()) == [100, 100, 100], director


def versions(cluster: Cluster) -> dict[str, str]:
    """Version that each node reports."""

    def ask(name: str) -> str:
        url = f"http://{cluster.lab.topology.node(name).address}:7860/cluster/status"
        done = cluster.from_client("curl", "-sS", "--max-time", "20", url)
        return str(json.loads(done.stdout)["version"])

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(NODES, pool.map(ask, NODES), strict=True))


def upgraded_to(cluster: Cluster, source: Path) -> None:
    assert versions(cluster) == dict.fromkeys(NODES, source.name)


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_whole_upgrade_and_nobody_notices(cluster: Cluster, releases: Releases) -> None:
    """Three real servers, and both directors with a restart of Keepalived."""
    source = releases.next()
    with load(cluster.lab) as seen:
        done = cluster.run(
            "rolling-upgrade",
            "--to",
            str(source),
            *("--yes", "--soak", "60s", "--soak-rest", "15s", "--restart-directors"),
            timeout=1700,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    upgraded_to(cluster, source)
    assert seen.count("done") > 50
    assert seen.bad == 0, seen.told()
    # The figures, for those who read the log: seconds out of service against the minimum.
    print(done.stdout[done.stdout.index("minimum") - 60 :])
    assert cluster.run("rolling-upgrade", "--to", str(source), "--yes").returncode == 0


@pytest.mark.parametrize(
    ("faults", "reason", "soak"),
    [
        (FAILS_TO_START, "no_such_module_as_this", "10s"),
        pytest.param(CANNOT_SPEAK, "does not speak", "10s", marks=pytest.mark.long),
        pytest.param(SPEAKS_SLOWLY, "slowly", "10s", marks=pytest.mark.long),
        pytest.param(
            CRASHES_AFTER_A_MINUTE,
            "process ended|not ready any more",
            "120s",
            marks=pytest.mark.long,
        ),
    ],
    ids=["fails to start", "cannot speak", "speaks slowly", "crashes after a minute"],
)
def test_a_bad_release_stops_at_the_first_node(
    cluster: Cluster, releases: Releases, faults: dict[str, str], reason: str, soak: str
) -> None:
    before = versions(cluster)
    source = releases.next(faults)
    with load(cluster.lab, LIGHT) as seen:
        done = cluster.run(
            "rolling-upgrade", "--to", str(source), "--yes", "--soak", soak, timeout=1200
        )
    assert done.returncode == 1
    assert re.search(f"rs1: .*({reason})", done.stdout)
    assert "rolled back: rs1" in done.stdout and "waiting: rs2, rs3" in done.stdout
    assert versions(cluster) == before
    if faults is not CRASHES_AFTER_A_MINUTE:
        # A release that clients had and that crashed took what it was just doing with it.
        assert seen.bad == 0, seen.told()


@pytest.mark.parametrize(
    "phase",
    [
        "drain",
        "switch",
        *(
            pytest.param(phase, marks=pytest.mark.long)
            for phase in ("stage", "stop", "start", "warm", "smoke_test", "restore", "soak")
        ),
    ],
)
def test_the_control_process_is_killed_and_resumed(
    cluster: Cluster, releases: Releases, phase: str
) -> None:
    source = releases.next()
    with load(cluster.lab, ("short",)) as seen:
        process = cluster.start(
            "rolling-upgrade", "--to", str(source), *QUICK, "--json", "--limit", "rs2"
        )
        assert process.stdout
        for line in process.stdout:
            found = events(line)
            if found and found[0]["event"] == "phase" and found[0].get("phase") == phase:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
        if phase not in ("stage", "soak"):
            refused = cluster.run("rolling-upgrade", "--to", str(source), "--yes", timeout=300)
            assert refused.returncode == 1 and "--resume" in refused.stderr
        done = cluster.run("rolling-upgrade", "--resume", *QUICK, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert versions(cluster)["rs2"] == source.name
    assert seen.bad == 0, seen.told()


def test_a_second_operator_is_told_who_is_at_work_and_may_ask_for_a_pause(
    cluster: Cluster, releases: Releases
) -> None:
    source = releases.next()
    process = cluster.start("rolling-upgrade", "--to", str(source), *QUICK, "--limit", "rs1,rs2")
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "rs1: draining" in line:
            second = cluster.run("rolling-upgrade", "--to", str(source), "--yes")
            assert second.returncode == 1 and "is under way on this cluster" in second.stderr
            assert cluster.run("rolling-upgrade", "--pause").returncode == 0
    assert process.wait() == 3, "".join(lines)
    assert sorted(versions(cluster).values()).count(source.name) == 1
    assert cluster.run("rolling-upgrade", "--resume", *QUICK, timeout=900).returncode == 0
    assert {versions(cluster)[name] for name in ("rs1", "rs2")} == {source.name}


@pytest.mark.long
def test_a_run_that_is_given_up_leaves_whole_nodes(cluster: Cluster, releases: Releases) -> None:
    before = versions(cluster)
    process = cluster.start("rolling-upgrade", "--to", str(releases.next()), *QUICK)
    assert process.stdout
    for line in process.stdout:
        if "rs1: warming" in line:
            process.kill()
            break
    process.wait()
    done = cluster.run("rolling-upgrade", "--abort", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert versions(cluster) == before


def _paced(cluster: Cluster, address: str, seconds: int) -> "subprocess.Popen[str]":
    body = {
        "model": "tts-1",
        "input": f"pace {seconds} a long job",
        "response_format": "wav",
        "stream": False,
    }
    url = f"http://{address}:7860/v1/audio/speech"
    words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "200"]
    words += ["-H", "Content-Type: application/json", "-d", json.dumps(body), url]
    return subprocess.Popen(cluster.lab.client_command(words), stdout=subprocess.PIPE, text=True)


@pytest.mark.long
@pytest.mark.parametrize(("choice", "status", "answer"), [("stop", 1, "200"), ("wait", 0, "200")])
def test_a_job_past_the_deadline(
    cluster: Cluster, releases: Releases, choice: str, status: int, answer: str
) -> None:
    before, source = versions(cluster), releases.next()
    address = str(cluster.lab.topology.node("rs1").address)
    job = _paced(cluster, address, 60)
    time.sleep(3)
    words = ("--drain-timeout", "5s", "--on-deadline", choice, "--limit", "rs1")
    done = cluster.run("rolling-upgrade", "--to", str(source), *QUICK, *words, timeout=900)
    assert done.returncode == status, done.stdout + done.stderr
    assert "not idle within 5 s" in done.stdout
    assert job.communicate(timeout=200)[0] == answer
    assert versions(cluster)["rs1"] == (source.name if status == 0 else before["rs1"])


def test_the_last_healthy_node_is_not_drained(cluster: Cluster, releases: Releases) -> None:
    for name in ("rs2", "rs3"):
        assert cluster.run("drain", name, "--no-wait").returncode == 0
    words = ("--to", str(releases.next()), *QUICK, "--limit", "rs1")
    done = cluster.run("rolling-upgrade", *words, timeout=300)
    assert done.returncode == 1
    assert "no healthy node would be left" in done.stderr
    for name in ("rs2", "rs3"):
        assert cluster.run("undrain", name).returncode == 0


@pytest.mark.long
def test_a_director_dies_in_the_middle(cluster: Cluster, releases: Releases) -> None:
    """The upgrade says so, and goes on when it is there again."""
    source = releases.next()
    master = cluster.master()
    process = cluster.start("rolling-upgrade", "--to", str(source), *QUICK, "--limit", "rs1")
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "rs1: warming" in line:
            lifecycle.kill(cluster.lab, master)
    assert process.wait() == 1
    assert "rs1 is blocked at restoring its weight" in lines[-1], "".join(lines)
    lifecycle.start(cluster.lab, [master])
    _until(lambda: cluster.lab.exec(master, ["true"]).returncode == 0, 120)
    assert cluster.run("deploy", "--yes", "--no-verify", timeout=900).returncode == 0
    done = cluster.run("rolling-upgrade", "--resume", *QUICK, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert versions(cluster)["rs1"] == source.name


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(1)


@pytest.mark.long
def test_the_weight_comes_back_in_steps(cluster: Cluster, releases: Releases) -> None:
    source = releases.next()
    words = ("--slow-start", "10:6s,50:6s", "--limit", "rs3")
    process = cluster.start("rolling-upgrade", "--to", str(source), *QUICK, *words)
    assert process.stdout
    address = str(cluster.lab.topology.node("rs3").address)
    weights = [
        cluster.weights(director)[address]
        for line in process.stdout
        if "% of its weight" in line
        for director in ("lvs1", "lvs2")
    ]
    assert process.wait() == 0
    assert weights == [10, 10, 50, 50]


def test_hooks_hear_of_it(cluster: Cluster, releases: Releases, tmp_path: Path) -> None:
    heard, script = tmp_path / "heard.jsonl", tmp_path / "hook"
    script.write_text(f"#!/bin/sh\ncat >> '{heard}'; echo >> '{heard}'\n")
    script.chmod(0o755)
    words = ("--limit", "rs1", "--notify-command", str(script))
    done = cluster.run("rolling-upgrade", "--to", str(releases.next()), *QUICK, *words, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    told = events(heard.read_text())
    assert [record["event"] for record in told] == ["start", "finish"]
    assert told[1]["nodes"] == {"rs1": "upgraded"}


def test_the_control_machine_is_gone_and_another_goes_on(
    cluster: Cluster, releases: Releases, tmp_path: Path
) -> None:
    """The second operator has the inventory and the release, and nothing else."""
    source = releases.next()
    shutil.copy(cluster.inventory, tmp_path / "inventory.yaml")
    other = replace(cluster, folder=tmp_path)
    drained = cluster.run("drain", "rs3", "--reason", "new memory", "--no-wait")
    assert drained.returncode == 0
    with load(cluster.lab, ("short",)) as seen:
        process = cluster.start(
            "rolling-upgrade", "--to", str(source), *QUICK, "--json", "--limit", "rs1,rs2"
        )
        assert process.stdout
        for line in process.stdout:
            if (found := events(line)) and found[0].get("phase") == "warm":
                break
        # A machine that lost its power says no good-bye; its folder is gone with it.
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = cluster.folder / ".cluster"
        kept.rename(tmp_path / "gone")
        shown = other.run("state", "show", "--json")
        told = json.loads(shown.stdout)
        assert told["drained"]["rs3"]["reason"] == "new memory" and told["upgrade"]
        assert told["history"][0]["result"] == "cut"
        refused = other.run("rolling-upgrade", "--to", str(source), *QUICK, timeout=300)
        assert refused.returncode == 1 and "--resume" in refused.stderr
        done = other.run("rolling-upgrade", "--resume", *QUICK, "--lock-wait", "120", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {versions(cluster)[name] for name in ("rs1", "rs2")} == {source.name}
    assert seen.bad == 0, seen.told()
    # The first, with its old folder back, goes on from what the other did.
    (tmp_path / "gone").rename(kept)
    again = cluster.run("rolling-upgrade", "--resume", *QUICK)
    assert again.returncode == 1 and "resume" in again.stderr
    assert cluster.run("undrain", "rs3").returncode == 0
    assert json.loads(other.run("state", "show", "--json").stdout)["upgrade"] is None
