"""Central logs on a cluster of real kernels: a log host that is away, killed, full, and clocks that
differ; every request that was answered is found."""

import json
import re
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.topology import Size
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.test_directors_heal import wait_for
from tests.lab.watched import spoken

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(2400)]
SIZE = Size(directors=1, real_servers=2, storage=0, logs=1)
AWAY = 600
"""Seconds for which nobody listens."""
STORE = "/var/log/cosyvoice-cluster"
_ID = re.compile(r'"request_id": ?"([^"]+)"')


@pytest.fixture(scope="module")
def logged(make_module_lab: MakeLab, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    cluster = Cluster(make_module_lab("logs", SIZE), tmp_path_factory.mktemp("logs"))
    cluster.write()
    done = cluster.run("deploy", "--yes", timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    return cluster


class Speaking:
    """Requests through the VIP, one after the other, with their identifiers."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.served = cluster, list[str]()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._speak)

    def __enter__(self) -> "Speaking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _speak(self) -> None:
        while not self._end.wait(0.5):
            self.served.append(spoken(self.cluster))


def kept(cluster: Cluster) -> set[str]:
    """Identifiers of the requests in the log host's files."""
    # What is inside a line is JSON in JSON; a power cut may leave zeros.
    asked = r"""tr -d '\\' | grep -ao '"request_id": *"[^"]*"'"""
    shown = cluster.on("log1", f"zcat -f {STORE}/*/* | {asked}")
    return set(_ID.findall(shown))


def killed(cluster: Cluster, host: str, name: str) -> None:
    """Kill an rsyslogd by its configuration's name."""
    # The brackets keep the shell that says this from being found.
    cluster.on(host, f"pkill -KILL -f '[/]etc/cosyvoice/{name}.conf'")


def found(cluster: Cluster, *words: str) -> list[dict[str, Any]]:
    done = cluster.run("logs", *words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nothing_is_lost_by_a_log_host_that_is_away_or_processes_that_are_killed(
    logged: Cluster,
) -> None:
    with Speaking(logged) as speaking:
        logged.on("log1", "supervisorctl stop cosyvoice-log-store")
        end = time.monotonic() + AWAY
        while time.monotonic() < end:
            time.sleep(min(60, AWAY / 4))
            killed(logged, "rs1", "log-shipper")
        logged.on("log1", "supervisorctl start cosyvoice-log-store")
        for _ in range(3):
            before = len(speaking.served)
            wait_for("more was served", lambda at=before: len(speaking.served) > at + 5, 120)  # type: ignore[misc]
            killed(logged, "log1", "log-store")
    served = set(speaking.served)
    assert len(served) > AWAY / 10
    took = wait_for("all are there", lambda: served <= kept(logged), 300)
    print(f"{len(served)} requests; all were there {took:.0f} s after the last")
    for name in (speaking.served[0], speaking.served[-1]):
        assert found(logged, "--request", name)


def test_a_search_finds_what_grep_finds_on_the_hosts(logged: Cluster) -> None:
    for _ in range(4):
        spoken(logged)
    word = "/v1/audio/speech"
    on_hosts = sum(
        int(logged.on(name, f"cat /var/log/cosyvoice/app.log* | grep -cF {word}; true"))
        for name in ("rs1", "rs2")
    )
    assert on_hosts > 4
    wait_for(
        "as many are found",
        lambda: (
            sum(word in line["line"] for line in found(logged, "--search", word, "--since", "2h"))
            == on_hosts
        ),
        60,
    )


def test_what_the_kernel_tells_of_a_card_arrives(logged: Cluster) -> None:
    kernel_tells(logged, "rs1")


def kernel_tells(cluster: Cluster, host: str) -> None:
    """Have a host's kernel log a fatal Xid, and wait until a search finds it."""
    cluster.on(
        host, "echo '<3>NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus' > /dev/kmsg"
    )
    cluster.on(host, "echo '<5>an ordinary line' > /dev/kmsg")
    # journald takes "NVRM" for the name of a program, as it is not the kernel itself that wrote.
    words = "Xid (PCI:0000:01:00)"
    wait_for("it is found", lambda: bool(found(cluster, "--search", words)), 120)
    [line] = found(cluster, "--search", words)
    assert (line["host"], line["service"], line["level"]) == (host, "kernel", "error")
    assert line["line"].endswith("79, GPU has fallen off the bus")
    assert not found(cluster, "--search", "an ordinary line")


def test_lines_are_in_order_though_clocks_differ(logged: Cluster) -> None:
    asked: list[str] = []

    def ask(name: str) -> None:
        url = f"http://{logged.lab.topology.node(name).address}:7860/v1/audio/voices"
        done = logged.from_client(
            "curl", "-sS", "-o", "/dev/null", "-w", "%header{x-request-id}", url
        )
        asked.append(done.stdout)

    logged.on("rs2", "date -s '-10 minutes'")
    try:
        # Signs of life by which the log host knows of it.
        time.sleep(95)
        for name in ("rs1", "rs2", "rs1", "rs2"):
            ask(name)
            time.sleep(2)
        wait_for("they have travelled", lambda: set(asked) <= kept(logged), 60)
        lines = found(logged, "--search", "/v1/audio/voices", "--since", "30m")
    finally:
        logged.on("rs2", "date -s '+10 minutes'")
    order = [name for line in lines for name in asked if name in line["line"]]
    assert list(dict.fromkeys(order)) == asked


def test_a_full_disk_holds_nobody_up_and_loses_nothing(logged: Cluster) -> None:
    filled = f"{STORE}/.fill"
    logged.on("log1", f"fallocate -l $(df -B1 --output=avail {STORE} | tail -1) {filled}; true")
    try:
        wait_for(
            "status names it",
            lambda: any(
                fault["host"] == "log1" and "disk" in fault["text"]
                for fault in logged.json("status")["faults"]
            ),
            60,
        )
        served = {spoken(logged) for _ in range(10)}
    finally:
        logged.on("log1", f"rm {filled}")
    wait_for("all are there", lambda: served <= kept(logged), 200)


def test_the_last_hour_of_a_dead_node_is_in_the_support_bundle(
    logged: Cluster, tmp_path: Path
) -> None:
    logged.on("rs1", "echo 最后一句 >> /var/log/cosyvoice/app.log")
    wait_for(
        "it has travelled", lambda: bool(found(logged, "--node", "rs1", "--search", "最后一句")), 60
    )
    lifecycle.kill(logged.lab, "rs1")
    archive = tmp_path / "bundle.tar.gz"
    done = logged.run("support-bundle", "--out", str(archive))
    assert done.returncode == 0, done.stderr
    with tarfile.open(archive) as bundle:
        text = {
            member.name: bundle.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in bundle
            if member.name.endswith("logs/rs1/from-log-host.log")
        }
    assert len(text) == 1 and "最后一句" in next(iter(text.values()))
