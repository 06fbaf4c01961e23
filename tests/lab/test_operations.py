"""Operations on a living cluster: real kernels, IPVS tables, VRRP and connection sync.

The tests stand in an order in which they leave the cluster as the next one needs it.
"""

import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900)]

DIRECTORS = ("lvs1", "lvs2")


def service(**settings: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["services"] = [{"name": "web", "port": 7860, "persistence": None, **settings}]

    return change


RR = service(scheduler="rr")


def without(name: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        del content["real_servers"]["hosts"][name]

    return change


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster) -> None:
    cluster.write(RR)
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0


@pytest.fixture(autouse=True)
def _nobody_drained(cluster: Cluster) -> Iterator[None]:
    yield
    for name in list(cluster.json("status")["drained"]):
        cluster.run("start", "--limit", name)
        cluster.run("undrain", name)


def address(cluster: Cluster, name: str) -> str:
    return str(cluster.lab.topology.node(name).address)


def weight(cluster: Cluster, director: str, name: str) -> int | None:
    return cluster.weights(director).get(address(cluster, name))


def wait_for(what: str, true: Callable[[], bool], within: float) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within, f"not within {within} s: {what}"
        time.sleep(0.3)


class Stream:
    """A connection through the VIP that gets an answer from time to time, over the same socket,
    until its end."""

    SCRIPT = """
import http.client, json, os, time
connection = http.client.HTTPConnection({vip!r}, 7860, timeout=10)
with open({log!r}, "w", buffering=1) as log:
    while not os.path.exists({log!r} + "-end"):
        try:
            connection.request("GET", "/healthz")
            log.write(json.loads(connection.getresponse().read())["node"] + chr(10))
            if connection.sock is None:
                log.write("CLOSED" + chr(10))
        except Exception as error:
            log.write("BROKEN " + repr(error) + chr(10))
            break
        time.sleep(0.5)
"""

    def __init__(self, cluster: Cluster) -> None:
        self.log = cluster.folder / f"stream-{time.monotonic_ns()}"
        vip = str(cluster.lab.topology.lan.vip)
        script = self.SCRIPT.format(vip=vip, log=str(self.log))
        self._thread = threading.Thread(
            target=cluster.from_client, args=("python3", "-c", script), daemon=True
        )
        self._thread.start()
        wait_for("the stream's first answer", lambda: bool(self.answers()), 20)

    def answers(self) -> list[str]:
        return self.log.read_text().split("\n")[:-1] if self.log.exists() else []

    @property
    def node(self) -> str:
        return self.answers()[0]

    def goes_on(self) -> None:
        """Wait until it has had more answers."""
        wanted = len(self.answers()) + 4
        wait_for("more answers", lambda: len(self.answers()) >= wanted, 30)

    def end(self) -> list[str]:
        self.log.with_name(f"{self.log.name}-end").touch()
        self._thread.join(60)
        return self.answers()


def test_a_drain_cuts_nothing_and_sends_nothing_new(cluster: Cluster) -> None:
    stream = Stream(cluster)
    name = stream.node
    done = cluster.run("drain", name, "--no-wait", "--reason", "换内存条")
    assert done.returncode == 0, done.stderr
    assert [weight(cluster, director, name) for director in DIRECTORS] == [0, 0]
    assert name not in cluster.nodes_that_answer(6)
    # Longer than the health check takes to fail: the readiness of a drained node is 503.
    time.sleep(9)
    assert [weight(cluster, director, name) for director in DIRECTORS] == [0, 0]
    assert set(stream.end()) == {name}
    shown = cluster.json("status")
    assert shown["drained"][name]["reason"] == "换内存条"
    assert shown["real_servers"][name]["draining"] is True
    assert "换内存条" in cluster.run("plan").stdout


def test_a_drain_outlives_deploys_reloads_and_restarts(cluster: Cluster) -> None:
    assert cluster.run("drain", "rs2", "--timeout", "60").returncode == 0
    assert cluster.run("plan").returncode == 0, "the inventory has not changed"
    assert cluster.run("deploy", "--yes").returncode == 0, "a drained host is no failure"
    backup = next(name for name in DIRECTORS if name != cluster.master())
    cluster.on(backup, "pkill -HUP -o keepalived")
    cluster.on(backup, "supervisorctl restart keepalived >/dev/null")
    wait_for("the table is back", lambda: len(cluster.weights(backup)) == 3, 60)
    time.sleep(6)
    assert weight(cluster, backup, "rs2") == 0
    assert "rs2" not in cluster.nodes_that_answer(6)
    assert cluster.run("undrain", "rs2").returncode == 0
    assert [weight(cluster, director, "rs2") for director in DIRECTORS] == [1, 1]
    assert cluster.nodes_that_answer(9)["rs2"] == 3
    assert cluster.json("status")["healthy"]


def test_a_drain_with_something_left_says_what_and_stays(cluster: Cluster) -> None:
    stream = Stream(cluster)
    name = stream.node
    done = cluster.run("drain", name, "--timeout", "5", "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["drained"] and not said["idle"] and said["connections"] >= 1
    assert [weight(cluster, director, name) for director in DIRECTORS] == [0, 0]
    assert set(stream.end()) == {name}
    assert cluster.run("drain", name, "--timeout", "120").returncode == 0


def test_the_last_healthy_one_is_drained_by_force_only(cluster: Cluster) -> None:
    for name in ("rs1", "rs2"):
        assert cluster.run("drain", name, "--no-wait").returncode == 0
    refused = cluster.run("drain", "rs3")
    assert refused.returncode == 1
    assert "rs3 is needed: no other real server" in refused.stderr
    assert weight(cluster, cluster.master(), "rs3") == 1
    assert cluster.run("drain", "rs3", "--no-wait", "--force").returncode == 0
    for director in DIRECTORS:
        assert [weight(cluster, director, name) for name in ("rs1", "rs2", "rs3")] == [0, 0, 0]
    for name in ("rs1", "rs2", "rs3"):
        assert cluster.run("undrain", name).returncode == 0
    assert len(cluster.nodes_that_answer(9)) == 3


@pytest.mark.parametrize("scheduler", ["sh", "mh"])
def test_hashing_refuses_nobody_while_one_is_drained(cluster: Cluster, scheduler: str) -> None:
    cluster.write(service(scheduler=scheduler, hash_fallback=False))
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    (name,) = cluster.nodes_that_answer(4)
    assert cluster.run("drain", name, "--no-wait").returncode == 0
    (other,) = cluster.nodes_that_answer(4)
    assert other != name
    assert f"{scheduler}-fallback" in cluster.on(cluster.master(), "ipvsadm -Ln")
    assert cluster.run("undrain", name).returncode == 0
    assert set(cluster.nodes_that_answer(4)) == {name}


def test_persistence_lets_go_once_clients_had_their_time(cluster: Cluster) -> None:
    def persistent(content: dict[str, Any]) -> None:
        content["services"] = [
            {"name": "web", "port": 7860, "scheduler": "rr", "persistence": {"timeout": 600}}
        ]
        content.setdefault("app", {})["session_routing"] = False

    cluster.write(persistent)
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    (name,) = cluster.nodes_that_answer(3)
    assert cluster.run("drain", name, "--no-wait").returncode == 0
    look = "cat /proc/sys/net/ipv4/vs/expire_quiescent_template"
    assert [cluster.on(director, look).strip() for director in DIRECTORS] == ["0", "0"]
    assert set(cluster.nodes_that_answer(3)) == {name}, "its sessions live there"
    cluster.run("drain", name, "--timeout", "10")
    assert [cluster.on(director, look).strip() for director in DIRECTORS] == ["1", "1"]
    assert name not in cluster.nodes_that_answer(3)
    assert cluster.run("undrain", name).returncode == 0


def test_a_switchover_moves_the_vip_and_cuts_no_stream(cluster: Cluster) -> None:
    cluster.write(RR)
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    for _ in range(2):
        old = cluster.master()
        stream = Stream(cluster)
        time.sleep(4)  # the third packet and those after it are told to the backup
        result = cluster.json("switchover")
        assert result["old"] == old and result["new"] == cluster.master() != old
        assert result["gap"] is not None, result["why_no_gap"]
        print("gap", result["gap"], "connections", result["before"], result["after"])
        # The skew time of the default advert interval, and a loaded machine.
        assert result["gap"] < 3
        stream.goes_on()
        assert set(stream.end()) == {stream.node}
        assert result["before"]["known"] >= 1
        assert cluster.run("plan").returncode == 0
        wait_for("all is well again", lambda: bool(cluster.json("status")["healthy"]), 30)


def test_a_switchover_to_the_master_changes_nothing(cluster: Cluster) -> None:
    master = cluster.master()
    assert cluster.json("switchover", "--to", master)["old"] == ""
    assert cluster.master() == master


def test_an_unfit_backup_does_not_get_the_vip(cluster: Cluster) -> None:
    master = cluster.master()
    backup = next(name for name in DIRECTORS if name != master)
    cluster.on(
        backup,
        f"ipvsadm -e -t {cluster.lab.topology.lan.vip}:7860"
        f" -r {address(cluster, 'rs1')}:7860 -g -w 7",
    )
    refused = cluster.run("switchover")
    assert refused.returncode == 1 and "kernel's table differs" in refused.stderr
    cluster.on(backup, "supervisorctl stop keepalived >/dev/null")
    refused = cluster.run("switchover", "--force")
    assert refused.returncode == 1 and "Keepalived does not run there" in refused.stderr
    assert cluster.master() == master
    cluster.on(backup, "supervisorctl start keepalived >/dev/null")
    wait_for("the backup is back", lambda: bool(cluster.json("status")["healthy"]), 60)


def test_a_killed_switchover_leaves_no_fault(cluster: Cluster) -> None:
    process = cluster.start("switchover")
    assert process.stdout
    for line in process.stdout:
        if "take over" in line:
            break
    time.sleep(1.2)
    process.kill()
    process.wait()
    look = "cat /run/cosyvoice-switchover"

    def over() -> bool:
        return all(cluster.on(name, look).strip() == "0" for name in DIRECTORS)

    wait_for("the fault's end", over, 30)
    wait_for("one master", lambda: bool(cluster.json("status")["healthy"]), 30)


def test_the_master_dies_while_a_node_drains(cluster: Cluster) -> None:
    assert cluster.run("drain", "rs1", "--no-wait").returncode == 0
    dead = cluster.master()
    lifecycle.kill(cluster.lab, dead)
    heir = next(name for name in DIRECTORS if name != dead)
    vip = str(cluster.lab.topology.lan.vip)
    wait_for("the heir", lambda: f" {vip}/" in cluster.on(heir, "ip -o -4 address show"), 20)
    assert weight(cluster, heir, "rs1") == 0
    assert "rs1" not in cluster.nodes_that_answer(6)
    # A machine of the lab comes back with an empty disk.
    lifecycle.start(cluster.lab, [dead])
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    wait_for("its table", lambda: len(cluster.weights(dead)) == 3, 60)
    assert weight(cluster, dead, "rs1") == 0


def test_restart_goes_node_by_node_and_nobody_notices(cluster: Cluster) -> None:
    log = cluster.folder / "restart-requests"
    vip = cluster.lab.topology.lan.vip
    loop = (
        f"while :; do curl -sS -o /dev/null --max-time 5 -w '%{{http_code}}\\n'"
        f" http://{vip}:7860/healthz >> {log} 2>&1; sleep 0.2; done"
    )
    client = threading.Thread(
        target=cluster.from_client, args=("timeout", "600", "sh", "-c", loop), daemon=True
    )
    client.start()
    before = {n: cluster.on(n, "supervisorctl pid cosyvoice") for n in ("rs1", "rs2", "rs3")}
    assert cluster.run("restart", "--yes", "--timeout", "20").returncode == 0
    after = {n: cluster.on(n, "supervisorctl pid cosyvoice") for n in before}
    assert all(before[name] != after[name] for name in before)
    codes = log.read_text().split()
    assert len(codes) > 20 and set(codes) == {"200"}, set(codes)
    cluster.from_client("pkill", "-f", str(log))


def test_stop_and_start(cluster: Cluster) -> None:
    assert cluster.run("stop", "--limit", "rs3", "--yes", "--timeout", "30").returncode == 0
    assert "rs3" not in cluster.nodes_that_answer(4)
    assert "STOPPED" in cluster.lab.exec("rs3", ["sudo", "supervisorctl", "status"]).stdout
    assert cluster.run("start", "--limit", "rs3").returncode == 0
    assert cluster.nodes_that_answer(9)["rs3"] == 3


def test_logs_of_all_hosts_are_labelled(cluster: Cluster) -> None:
    done = cluster.run("logs", "-n", "3", "all")
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} >= {"rs1", "rs2", "lvs1", "lvs2"}
    process = cluster.start("logs", "-f", "-n", "1", "real_servers")
    assert process.stdout and process.stdout.readline()
    process.send_signal(2)
    assert process.wait(30) == 0


def test_a_support_bundle_has_everything_of_every_host(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "bundle.tar.gz"
    assert cluster.run("support-bundle", "--out", str(out)).returncode == 0
    with tarfile.open(out) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        text = {n: archive.extractfile(n) for n in archive.getnames() if n.endswith("ipvs.txt")}
        assert all(file and b"7860" in file.read() for file in text.values()) and len(text) == 2
    for name in ("lvs1", "lvs2", "rs1", "rs2", "rs3", "nas1"):
        assert f"hosts/{name}/system.txt" in names
    assert "logs/rs1/cosyvoice.log" in names and "status.json" in names


def test_a_host_that_leaves_is_drained_cleaned_and_comes_back(cluster: Cluster) -> None:
    cluster.write(RR, without("rs3"))
    planned = cluster.run("plan")
    assert planned.returncode == 2 and "rs3: leaves the cluster" in planned.stdout
    done = cluster.run("deploy", "--yes", "--drain-timeout", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    for director in DIRECTORS:
        assert set(cluster.weights(director)) == {address(cluster, n) for n in ("rs1", "rs2")}
    vip = str(cluster.lab.topology.lan.vip)
    assert f" {vip}/" not in cluster.on("rs3", "ip -o -4 address show")
    assert cluster.on("rs3", "ls /var/lib/cosyvoice-cluster 2>/dev/null; :") == ""
    assert cluster.run("plan").returncode == 0
    cluster.write(RR)
    assert cluster.run("deploy", "--yes").returncode == 0
    assert cluster.nodes_that_answer(9)["rs3"] == 3


def test_a_host_that_is_gone_is_forgotten_on_command(cluster: Cluster) -> None:
    lifecycle.stop(cluster.lab, "rs3")
    try:
        cluster.write(RR, without("rs3"))
        done = cluster.run("deploy", "--yes", "--no-verify")
        assert done.returncode == 1 and "cluster forget rs3" in done.stdout + done.stderr
        for director in DIRECTORS:
            assert address(cluster, "rs3") not in cluster.weights(director)
        assert cluster.run("forget", "rs3").returncode == 0
        assert cluster.run("plan").returncode == 0
    finally:
        lifecycle.resume(cluster.lab, "rs3")
        cluster.write(RR)
        assert cluster.run("deploy", "--yes").returncode == 0
