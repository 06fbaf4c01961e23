"""Monitoring and central logs on a cluster of real kernels. These kernels have no nftables of the
family inet, so that the firewall is not among it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from provisioning.lab import lifecycle
from tests.gpu_driver.cards import LOST
from tests.lab.alert_sink import AlertSink
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.lab_cards import set_on_card, unset_on_card
from tests.lab.test_directors_heal import wait_for
from tests.lab.watched import asked, deployed, quiet, spoken, watched_cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def watched(
    make_module_lab: MakeLab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, AlertSink]]:
    """The cluster, deployed and verified, and where its alerts go."""
    with watched_cluster(make_module_lab, tmp_path_factory.mktemp("watched")) as both:
        yield both


def test_a_deploy_puts_all_there_and_nothing_burns(watched: tuple[Cluster, AlertSink]) -> None:
    cluster, sink = watched
    assert "Nothing to change" in cluster.run("deploy", "--yes", "--no-verify").stdout
    wait_for("every target is up", lambda: not asked(cluster, "up == 0"), 60)
    jobs = {series["metric"]["job"] for series in asked(cluster, "up")}
    assert jobs >= {"cosyvoice-host", "cosyvoice-node", "cosyvoice-probe", "cosyvoice-prometheus"}
    assert cluster.run("status").returncode == 0
    assert cluster.run("doctor").returncode == 0
    quiet(cluster, sink)


def test_numbers_are_the_kernels(watched: tuple[Cluster, AlertSink]) -> None:
    cluster, _ = watched
    for _ in range(4):
        spoken(cluster)
    master = cluster.master()
    table = cluster.on(master, "ipvsadm -Ln --stats")
    row = next(line for line in table.splitlines() if line.startswith("TCP"))
    total = int(row.split()[2])
    assert total >= 4
    query = f'sum(node_ipvs_connections_total{{node="{master}"}})'

    def agrees() -> bool:
        found = asked(cluster, query)
        return bool(found) and int(found[0]["value"][1]) >= total

    wait_for("Prometheus has counted them", agrees, 30)
    state = asked(cluster, "keepalived_vrrp_state == 2")
    assert [series["metric"]["node"] for series in state] == [master]


def test_a_request_is_found_on_the_log_host(watched: tuple[Cluster, AlertSink]) -> None:
    cluster, _ = watched
    name = spoken(cluster)

    def lines() -> list[dict[str, Any]]:
        done = cluster.run("logs", "--request", name, "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    wait_for("its lines have travelled", lambda: len(lines()) >= 1, 60)
    found = lines()
    print(found)
    assert {line["host"] for line in found} & {"rs1", "rs2"}


@dataclass(frozen=True)
class Trouble:
    """A fault, what ends it, and the alerts that it may cause: the first has to come."""

    name: str
    begin: Callable[[Cluster], object]
    end: Callable[[Cluster], object]
    alerts: tuple[str, ...]
    within: float
    seen_on: str | None = None
    """The node that the alert names, where it names one."""
    over: float = 400
    """Seconds after its end in which the alert has to go."""


def _stopped_keepalived(cluster: Cluster) -> None:
    cluster.on(cluster.master(), "supervisorctl stop keepalived-guard keepalived")


def _started_keepalived(cluster: Cluster) -> None:
    for name in ("lvs1", "lvs2"):
        cluster.on(name, "supervisorctl start keepalived keepalived-guard; true")


def _started(name: str) -> Callable[[Cluster], None]:
    def start(cluster: Cluster) -> None:
        lifecycle.start(cluster.lab, [name])
        deployed(cluster, "--no-verify")

    return start


def _full_disk(cluster: Cluster) -> None:
    """A disk of its own, as the machines' are in memory."""
    steps = (
        "modprobe loop", "truncate -s 64M /srv/disk", "mkfs.ext4 -q -F /srv/disk",
        "mkdir -p /mnt/full", "mount -o loop /srv/disk /mnt/full",
        "dd if=/dev/zero of=/mnt/full/fill bs=1M 2> /dev/null || :",
    )  # fmt: skip
    cluster.on("rs2", " && ".join(steps))


def _crashed_workers(cluster: Cluster) -> None:
    kill = "pkill -KILL -f '[w]orkers.main'"
    for _ in range(5):
        wait_for("its workers to run", lambda: cluster.on("rs2", f"{kill}; echo $?") == "0\n", 60)


TROUBLES = [
    Trouble(
        "keepalived",
        _stopped_keepalived,
        _started_keepalived,
        ("KeepalivedDown",),
        90,
    ),
    Trouble(
        "app",
        lambda cluster: cluster.on("rs2", "supervisorctl stop cosyvoice"),
        lambda cluster: cluster.on("rs2", "supervisorctl start cosyvoice"),
        ("NodeDown", "RealServerMissing", "OneRealServerLeft"),
        150,
        "rs2",
    ),
    Trouble(
        "node",
        lambda cluster: lifecycle.kill(cluster.lab, "rs1"),
        _started("rs1"),
        ("HostDown", "RealServerMissing", "OneRealServerLeft"),
        150,
        "rs1",
    ),
    Trouble(
        "director",
        lambda cluster: lifecycle.kill(cluster.lab, "lvs1"),
        _started("lvs1"),
        ("HostDown",),
        150,
        "lvs1",
    ),
    Trouble(
        "gpu",
        lambda cluster: set_on_card(cluster, "rs2", 0, "error", LOST),
        lambda cluster: unset_on_card(cluster, "rs2", 0, "error"),
        ("GpuMissing",),
        150,
        "rs2",
    ),
    Trouble(
        "storage",
        lambda cluster: lifecycle.kill(cluster.lab, "nas1"),
        _started("nas1"),
        ("HostDown",),
        150,
        "nas1",
    ),
    Trouble(
        "worker",
        _crashed_workers,
        lambda _: None,
        ("WorkersRestart", "NodeNotReady"),
        150,
        "rs2",
        # It looks back for a quarter of an hour.
        1200,
    ),
    Trouble(
        "disk",
        _full_disk,
        lambda cluster: cluster.on("rs2", "umount /mnt/full && rm /srv/disk"),
        ("DiskFull",),
        420,
        "rs2",
    ),
    Trouble(
        "clock",
        lambda cluster: cluster.on("rs2", "date -s '-10 minutes'"),
        lambda cluster: cluster.on("rs2", "date -s '+10 minutes'"),
        ("ClockWrong",),
        420,
        "rs2",
    ),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_trouble_is_told(watched: tuple[Cluster, AlertSink], trouble: Trouble) -> None:
    cluster, sink = watched
    quiet(cluster, sink)
    first = trouble.alerts[0]
    trouble.begin(cluster)
    try:
        took = wait_for(f"{first} to be told", lambda: first in sink.names(), trouble.within)
        print(f"{trouble.name}: {first} after {took:.0f} s; {sink.firing().keys()}")
        if trouble.seen_on:
            assert (first, trouble.seen_on) in sink.firing()
    finally:
        trouble.end(cluster)
    wait_for("it is taken back", lambda: not sink.firing(), trouble.over)
    assert sink.names() <= set(trouble.alerts)


def test_lines_of_a_dead_node_are_there(watched: tuple[Cluster, AlertSink]) -> None:
    cluster, _ = watched
    cluster.on("rs1", "logger -t lab a last word; echo 最后一句 >> /var/log/cosyvoice/app.log")

    def found() -> bool:
        return "最后一句" in cluster.run("logs", "--node", "rs1", "--search", "最后一句").stdout

    wait_for("it has travelled", found, 60)
    lifecycle.kill(cluster.lab, "rs1")
    assert found()
    _started("rs1")(cluster)


def test_a_silent_upgrade(watched: tuple[Cluster, AlertSink]) -> None:
    """A change of every node, one after the other, is no alert."""
    cluster, sink = watched
    quiet(cluster, sink)
    content = cluster.inventory.read_text()
    cluster.inventory.write_text(content.replace("queue_size: 64", "queue_size: 63"))
    deployed(cluster, "--no-verify")
    assert cluster.run("drain", "rs1").returncode == 0
    spoken(cluster)
    assert cluster.run("undrain", "rs1").returncode == 0
    assert sink.names() == set()
