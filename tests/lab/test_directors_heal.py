"""Directors mend themselves: a flushed table, a Keepalived that hangs, a healed partition.

A client asks through the VIP every 100 ms all the while; the longest time without an answer is
what it would have noticed.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

DIRECTORS = ("lvs1", "lvs2")
PROCESSES = {"main": "keepalived.pid", "vrrp": "vrrp.pid", "checkers": "checkers.pid"}


def other(director: str) -> str:
    return next(name for name in DIRECTORS if name != director)


def wait_for(what: str, true: Callable[[], bool], within: float) -> float:
    """Seconds until it was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within, f"not within {within} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


def holders(cluster: Cluster) -> list[str]:
    """The directors that hold the VIP: for a moment both may, or none."""
    vip = f" {cluster.lab.topology.lan.vip}/"
    return [name for name in DIRECTORS if vip in cluster.on(name, "ip -o -4 address show")]


class Client:
    """Requests through the VIP, each on a connection of its own."""

    SCRIPT = """
import socket, sys, time
with open({log!r}, "w", buffering=1) as log:
    while True:
        began = time.time()
        try:
            with socket.create_connection(({vip!r}, 7860), timeout=1) as connection:
                connection.sendall(b"GET /readyz HTTP/1.0\\r\\n\\r\\n")
                well = connection.recv(12).endswith(b"200")
        except OSError:
            well = False
        log.write(f"{{time.time()}} {{int(well)}}\\n")
        time.sleep(max(0, 0.1 - (time.time() - began)))
"""

    def __init__(self, cluster: Cluster, log: Path) -> None:
        self._log, self._cluster = log, cluster
        vip = str(cluster.lab.topology.lan.vip)
        script = self.SCRIPT.format(vip=vip, log=str(log))
        argv = ("timeout", "120", "python3", "-c", script)
        threading.Thread(target=cluster.from_client, args=argv, daemon=True).start()
        wait_for("the client's first answer", lambda: bool(self.answers()), 20)

    def answers(self) -> list[float]:
        """Times at which good answers came."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        found = (line.split() for line in lines)
        return [float(words[0]) for words in found if words[1:] == ["1"]]

    def gap(self, since: float) -> float:
        """The longest time without an answer, in seconds."""
        times = [when for when in self.answers() if when >= since]
        pairs = zip([since, *times], [*times, time.time()], strict=True)
        return max(later - earlier for earlier, later in pairs)

    def end(self) -> None:
        self._cluster.from_client("pkill", "-f", str(self._log))


@contextmanager
def asking(cluster: Cluster) -> Iterator[Client]:
    client = Client(cluster, cluster.folder / f"asked-{time.monotonic_ns()}")
    try:
        yield client
    finally:
        client.end()


def whole(cluster: Cluster, director: str) -> bool:
    """Tell whether a director's table sends to every real server."""
    return len(cluster.weights(director)) == 3


def well(cluster: Cluster) -> bool:
    holders = [
        name
        for name in DIRECTORS
        if f" {cluster.lab.topology.lan.vip}/" in cluster.on(name, "ip -o -4 address show")
    ]
    return len(holders) == 1 and all(whole(cluster, name) for name in DIRECTORS)


def main_process(cluster: Cluster, director: str) -> str:
    return cluster.on(director, "cat /run/keepalived.pid").strip()


def guard_log(cluster: Cluster, director: str) -> str:
    return cluster.on(director, "cat /var/log/keepalived-guard.log")


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster) -> None:
    def change(content: dict[str, Any]) -> None:
        content["services"] = [
            {"name": "web", "port": 7860, "persistence": None, "scheduler": "rr"}
        ]

    cluster.write(change)
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0


@pytest.fixture(autouse=True)
def _all_well(cluster: Cluster) -> None:
    wait_for("both directors are well", lambda: well(cluster), 60)
    # The guard may heal at once when it did not have to for ten minutes; each test has its own.
    for name in DIRECTORS:
        cluster.on(name, "supervisorctl restart keepalived-guard >/dev/null")
    # It judges the table once it has seen it whole, which takes it a second or two.
    time.sleep(8)


def test_a_flushed_table_moves_the_vip_and_is_filled_again(cluster: Cluster) -> None:
    master = cluster.master()
    with asking(cluster) as client:
        began = time.time()
        cluster.on(master, "ipvsadm -C")
        taken = wait_for("the other has it", lambda: holders(cluster) == [other(master)], 20)
        filled = wait_for("its table is whole", lambda: whole(cluster, master), 30)
        time.sleep(2)
        gap = client.gap(began)
    print(f"MEASURED flushed master: gap {gap:.2f} s, taken {taken:.1f} s, filled {filled:.1f} s")
    assert gap < 10


@pytest.mark.parametrize("part", PROCESSES)
def test_a_stopped_process_of_the_master_is_replaced(cluster: Cluster, part: str) -> None:
    master = cluster.master()
    before = main_process(cluster, master)
    with asking(cluster) as client:
        began = time.time()
        cluster.on(master, f"kill -STOP $(cat /run/{PROCESSES[part]})")
        new = wait_for("another Keepalived", lambda: _another(cluster, master, before), 30)
        healed = new + wait_for("all is well", lambda: well(cluster), 60)
        time.sleep(2)
        gap = client.gap(began)
    print(f"MEASURED stopped {part} of master: gap {gap:.2f} s, new process after {new:.1f} s,"
          f" all well after {healed:.1f} s")  # fmt: skip
    assert "is stopped by a signal" in guard_log(cluster, master)
    assert gap < 10


def _another(cluster: Cluster, director: str, before: str) -> bool:
    look = 'p=$(cat /run/keepalived.pid 2>/dev/null); [ -n "$p" ] && kill -0 $p && echo $p || :'
    return cluster.on(director, look).strip() not in ("", before)


@pytest.mark.long
@pytest.mark.parametrize("part", PROCESSES)
def test_a_stopped_process_of_the_backup_is_replaced(cluster: Cluster, part: str) -> None:
    backup = other(cluster.master())
    before = main_process(cluster, backup)
    with asking(cluster) as client:
        began = time.time()
        cluster.on(backup, f"kill -STOP $(cat /run/{PROCESSES[part]})")
        new = wait_for("another Keepalived", lambda: _another(cluster, backup, before), 30)
        wait_for("all is well", lambda: well(cluster), 60)
        gap = client.gap(began)
    print(f"MEASURED stopped {part} of backup: gap {gap:.2f} s, new process after {new:.1f} s")
    assert gap < 5


@pytest.mark.long
def test_both_tables_flushed(cluster: Cluster) -> None:
    with asking(cluster) as client:
        began = time.time()
        for name in DIRECTORS:
            cluster.on(name, "ipvsadm -C")
        wait_for("all is well", lambda: well(cluster), 60)
        time.sleep(2)
        gap = client.gap(began)
    print(f"MEASURED both flushed: gap {gap:.2f} s")
    assert gap < 20


@pytest.mark.long
def test_healed_partitions_leave_no_dead_vip(cluster: Cluster) -> None:
    for turn in range(4):
        cut = DIRECTORS[turn % 2]
        with asking(cluster) as client:
            lifecycle.partition(cluster.lab, cut)
            time.sleep(8)
            began = time.time()
            lifecycle.heal(cluster.lab)
            wait_for("all is well", lambda: well(cluster), 60)
            time.sleep(5)
            gap = client.gap(began)
        print(f"MEASURED heal {turn} (cut {cut}): gap {gap:.2f} s")
        assert gap < 6


@pytest.mark.long
def test_without_the_guard_deploy_sees_and_mends(cluster: Cluster) -> None:
    master = cluster.master()
    backup = other(master)
    for name in DIRECTORS:
        cluster.on(name, "supervisorctl stop keepalived-guard >/dev/null")
    try:
        cluster.on(master, "ipvsadm -C")
        cluster.on(backup, "kill -STOP $(cat /run/vrrp.pid)")
        planned = cluster.run("plan")
        assert planned.returncode == 2
        assert "is not in the kernel's table" in planned.stdout
        assert "Keepalived's VRRP process" in planned.stdout and "hangs" in planned.stdout
        texts = [fault["text"] for fault in cluster.json("status")["faults"]]
        assert any("hangs: it is stopped by a signal" in text for text in texts), texts
        assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
        wait_for("all is well", lambda: well(cluster), 60)
        assert cluster.run("plan").returncode == 0
    finally:
        for name in DIRECTORS:
            cluster.on(name, "supervisorctl start keepalived-guard >/dev/null || :")


@pytest.mark.long
def test_a_healthy_director_takes_over_from_a_broken_one(cluster: Cluster) -> None:
    master = cluster.master()
    cluster.on(master, "supervisorctl stop keepalived-guard >/dev/null")
    try:
        cluster.on(master, "ipvsadm -C")
        done = cluster.run("switchover")
        assert done.returncode == 0, done.stderr
        assert cluster.master() != master
        assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    finally:
        cluster.on(master, "supervisorctl start keepalived-guard >/dev/null || :")


@pytest.mark.long
def test_what_is_normal_is_no_alarm(cluster: Cluster) -> None:
    web = {"name": "web", "port": 7860, "persistence": None, "scheduler": "wlc"}
    two = {"name": "two", "port": 7861, "persistence": None, "check": {"type": "tcp"}}

    def scheduler(content: dict[str, Any]) -> None:
        content["services"] = [web]

    def port(content: dict[str, Any]) -> None:
        content["services"] = [web, two]

    said = {name: guard_log(cluster, name) for name in DIRECTORS}
    for name in DIRECTORS:
        cluster.on(name, "pkill -HUP -o keepalived")
        cluster.on(name, "supervisorctl stop keepalived >/dev/null")
        time.sleep(8)
        assert cluster.on(name, "pidof keepalived || :").strip() == "", "stopped on purpose"
        cluster.on(name, "supervisorctl start keepalived >/dev/null")
        wait_for("its table", lambda name=name: whole(cluster, name), 60)  # type: ignore[misc]
    for change in (scheduler, port):
        cluster.write(change)
        assert cluster.run("deploy", "--yes", "--no-verify").returncode in (0, 1)
        time.sleep(5)
    cluster.write()
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    time.sleep(5)
    assert {name: guard_log(cluster, name) for name in DIRECTORS} == said
