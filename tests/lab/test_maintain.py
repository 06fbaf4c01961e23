"""Maintenances of bare machines under load: real commands, real reboots, nobody notices; whoever is
killed in the middle, no command runs twice."""

import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.rolling_upgrade.clients import load
from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from tests.lab.bare_cluster import HOSTS, MINUTES, REAL_SERVERS, power_on
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(5400)]

QUICK = ("--yes", "--no-verify", "--soak", "5s", "--soak-rest", "5s", "--json")
LIGHT = ("short", "stream")
"""Kinds of load that leave the lab's cores room."""
COUNT = "/root/maintained"
ONCE = f"echo once >> {COUNT}"


@pytest.fixture(scope="module")
def servers(bare_servers: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(bare_servers, tmp_path_factory.mktemp("maintained"))
    made.write()
    done = made.run("deploy", "--yes", "--no-verify", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    for name in HOSTS:
        end = bare_servers.folder.console(name).read_text(errors="replace")[-1500:]
        print(f"--- {name}\n{end}")


@pytest.fixture(autouse=True)
def _healthy(servers: Cluster) -> Iterator[None]:
    """Every test finds hosts that were not maintained, and leaves all nodes in service."""
    for name in HOSTS:
        servers.on(name, f"rm -f {COUNT}")
    yield
    for director in ("lvs1", "lvs2"):
        weights = servers.weights(director)
        assert len(weights) == len(REAL_SERVERS) and all(weights.values()), director


def counts(cluster: Cluster, names: tuple[str, ...] = HOSTS) -> dict[str, int]:
    """How often each host ran its command."""
    return {name: int(cluster.on(name, f"cat {COUNT} 2>/dev/null | wc -l")) for name in names}


def boots(cluster: Cluster) -> dict[str, str]:
    return {name: cluster.on(name, "cat /proc/sys/kernel/random/boot_id") for name in HOSTS}


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def until_phase(process: "subprocess.Popen[str]", host: str, phase: str) -> None:
    """Reads a run's events until a phase of a host begins."""
    assert process.stdout
    for line in process.stdout:
        for event in events(line):
            if (event["event"], event.get("host"), event.get("phase")) == ("phase", host, phase):
                return
    raise AssertionError(f"{host} never came to {phase}")


def test_every_host_is_maintained_and_rebooted_and_nobody_notices(servers: Cluster) -> None:
    before, master = boots(servers), servers.master()
    with load(servers.lab, LIGHT) as seen:
        words = ("maintain", "--run", ONCE, "--reboot", "--max-out", "1")
        done = servers.run(*words, *QUICK, timeout=5000)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts(servers) == dict.fromkeys(HOSTS, 1)
    after = boots(servers)
    assert all(after[name] != before[name] for name in HOSTS)
    told = events(done.stdout)
    order = [event["host"] for event in told if event["event"] == "maintained"]
    backup = next(name for name in ("lvs1", "lvs2") if name != master)
    assert order == [*REAL_SERVERS, backup, master, "nas1"]
    assert servers.master() == backup
    assert seen.bad == 0, seen.told()


def test_a_command_that_fails_stops_the_run_and_leaves_the_host_in_service(
    servers: Cluster,
) -> None:
    words = ("maintain", "--limit", "rs*", "--run", f"{ONCE}; echo 没有空间 >&2; exit 7")
    with load(servers.lab, LIGHT) as seen:
        done = servers.run(*words, "--reboot", *QUICK, timeout=1800)
    assert done.returncode == 1
    last = events(done.stdout)[-1]
    assert last["hosts"] == {"rs1": "put back", "rs2": "waiting"}
    assert "status 7: 没有空间" in last["reasons"]["rs1"]
    assert counts(servers, REAL_SERVERS) == {"rs1": 1, "rs2": 0}
    assert seen.bad == 0, seen.told()
    assert servers.run("maintain", "--abort", *QUICK, timeout=900).returncode == 0


@pytest.mark.parametrize("phase", ["drain", "run", "reboot", "come_back", "restore"])
def test_the_control_process_is_killed_and_resumed(servers: Cluster, phase: str) -> None:
    words = ("maintain", "--limit", "rs1", "--run", f"sleep 5; {ONCE}", "--reboot")
    with load(servers.lab, ("short",)) as seen:
        process = servers.start(*words, *QUICK)
        until_phase(process, "rs1", phase)
        process.send_signal(signal.SIGKILL)
        process.wait()
        refused = servers.run(*words, *QUICK, "--lock-wait", "120", timeout=900)
        assert refused.returncode == 1 and "--resume" in refused.stdout + refused.stderr
        done = servers.run("maintain", "--resume", *QUICK, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts(servers, ("rs1",)) == {"rs1": 1}
    assert seen.bad == 0, seen.told()


def test_a_host_whose_power_is_cut_in_its_command_is_asked_about(servers: Cluster) -> None:
    words = ("maintain", "--limit", "rs2", "--run", f"{ONCE}; sync; sleep 600")
    process = servers.start(*words, *QUICK)
    until_phase(process, "rs2", "run")
    wait_for("its command is under way", lambda: counts(servers, ("rs2",))["rs2"] == 1, MINUTES)
    process.send_signal(signal.SIGKILL)
    process.wait()
    lifecycle.kill(servers.lab, "rs2")
    power_on(servers, "rs2")
    asked = servers.run("maintain", "--resume", *QUICK, "--lock-wait", "120", timeout=900)
    assert asked.returncode == 1 and "--cut again" in asked.stderr
    assert counts(servers, ("rs2",)) == {"rs2": 1}
    done = servers.run("maintain", "--resume", "--cut", "done", *QUICK, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts(servers, ("rs2",)) == {"rs2": 1}


def test_a_host_that_stays_away_is_left_out_and_taken_up_again(servers: Cluster) -> None:
    words = ("maintain", "--limit", "rs1", "--reboot", "--reboot-timeout", "20s")
    process = servers.start(*words, *QUICK)
    until_phase(process, "rs1", "come_back")
    lifecycle.kill(servers.lab, "rs1")
    out, _ = process.communicate(timeout=900)
    assert process.returncode == 1, out
    assert "not back within 20 s" in events(out)[-1]["reasons"]["rs1"]
    power_on(servers, "rs1")
    done = servers.run("maintain", "--resume", "--reboot-timeout", "15m", *QUICK, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
