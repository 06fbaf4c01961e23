"""Monitoring of a cluster that is well: no alert while it works and is upgraded, boards with the
numbers of the kernel and of `cluster status`, and a certificate that ages."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.rolling_upgrade.clients import load
from benchmarks.rolling_upgrade.releases import write_release
from provisioning.model.loader.load import load_inventory
from provisioning.model.tls.authority import issue, new_authority
from provisioning.roles.monitoring.boards.every import boards
from tests.lab.alert_sink import AlertSink
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.test_directors_heal import wait_for
from tests.lab.watched import asked, deployed, quiet, watched_cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]
LIGHT = ("short", "stream", "session")
"""Kinds of load that leave the lab's cores room."""
HALF_AN_HOUR = 1800.0
SOME_LOOKS = 45.0
"""Seconds in which each rate has its samples."""
NAME = "tts.lab"
NO_CARDS: dict[str, Any] = {"cards": []}
Watched = tuple[Cluster, AlertSink]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of releases whose jobs take as long as their text says."""
    return tmp_path_factory.mktemp("releases")


@pytest.fixture(scope="module")
def watched(
    make_module_lab: MakeLab, tmp_path_factory: pytest.TempPathFactory, releases: Path
) -> Iterator[Watched]:
    """The cluster with a promise to its clients, and where its alerts go."""

    def change(content: dict[str, Any]) -> None:
        web = {"name": "web", "port": 7860, "scheduler": "rr", "persistence": None}
        content["services"] = [web]
        source = str(write_release(releases, "3.1"))
        content["app"] |= {"source": source, "workers": 2, "job_timeout": 90}
        # An app from elsewhere has it only where it is asked for.
        content["app"] |= {"session_routing": True, "metrics": True}
        objectives = {"served": 99.9, "first_audio": {"seconds": 10}}
        content["monitoring"] |= {"objectives": objectives}

    with watched_cluster(make_module_lab, tmp_path_factory.mktemp("watched"), change) as both:
        yield both


def test_half_an_hour_of_load_and_an_upgrade_without_an_alert(
    watched: Watched, releases: Path
) -> None:
    cluster, sink = watched
    quiet(cluster, sink)
    source = write_release(releases, "3.2")
    began = time.monotonic()
    with load(cluster.lab, LIGHT) as seen:
        time.sleep(HALF_AN_HOUR / 3)
        assert sink.names() == set()
        words = ("--yes", "--soak", "60s", "--soak-rest", "15s")
        done = cluster.run("rolling-upgrade", "--to", str(source), *words, timeout=1700)
        assert done.returncode == 0, done.stdout + done.stderr
        assert sink.names() == set()
        time.sleep(max(0.0, began + HALF_AN_HOUR - time.monotonic()))
    assert sink.names() == set()
    assert cluster.json("alerts")["alerts"] == []
    assert seen.bad == 0, seen.told()


MAY_BE_EMPTY = {
    # Of cards that are well, and one that the stand-in driver does not tell of.
    "Errors",
    "Slowed down",
    # Nobody was replaced, nothing was passed on, and nobody left.
    "Workers replaced",
    "Errors by route",
    "Alerts that burn",
    # The machines' files are this computer's.
    "Disks at work",
}


def test_every_board_has_numbers(watched: Watched) -> None:
    cluster, _ = watched
    with load(cluster.lab, LIGHT):
        time.sleep(SOME_LOOKS)
    inventory = load_inventory(cluster.inventory)
    matcher = f'cluster="{inventory.name}"'
    empty = [
        (board.name, panel.title)
        for board in boards(inventory)
        for panel in board.panels()
        for query in panel.queries
        if not asked(cluster, query.filled(matcher, matcher, "30m"))
        and panel.title not in MAY_BE_EMPTY
    ]
    print(empty)
    assert empty == []


def shown(cluster: Cluster, board: str, **parameters: str) -> dict[str, str]:
    """Large numbers of a board's page, by their titles."""
    address = cluster.lab.topology.node("mon1").address
    url = f"http://{address}:9090/consoles/{board}.html?{urlencode(parameters)}"
    page = cluster.on("mon1", f"curl -fsS '{url}'")
    found = re.findall(r'number \w+"[^>]*><h3>([^<]*)</h3><a[^>]*>([^<]*)</a>', page)
    return {unescape(title): unescape(text) for title, text in found}


@contextmanager
def listening(cluster: Cluster, clients: int) -> Iterator[None]:
    """Clients that hear a long stream, each on a connection of its own."""
    url = f"http://{cluster.lab.topology.lan.vip}:7860/v1/audio/speech"
    said = {"model": "tts-1", "input": "pace 80 a long story", "response_format": "pcm"}
    words = ["curl", "-sS", "-N", "-o", "/dev/null", "--json", json.dumps(said | {"stream": True})]
    processes = [
        subprocess.Popen(cluster.lab.client_command([*words, url])) for _ in range(clients)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(60)


def in_the_table(cluster: Cluster) -> int:
    """Active connections that the master's kernel has."""
    table = cluster.on(cluster.master(), "ipvsadm -Ln")
    rows = [line.split() for line in table.splitlines() if line.lstrip().startswith("-> 1")]
    return sum(int(row[4]) for row in rows)


def in_status(cluster: Cluster) -> int:
    """Active connections that `cluster status` has, of the master."""
    services = cluster.json("status")["directors"][cluster.master()]["services"]
    return sum(int(server["active"]) for service in services for server in service["servers"])


def test_numbers_of_boards_are_the_kernels_and_those_of_status(watched: Watched) -> None:
    cluster, _ = watched
    assert cluster.run("drain", "rs1", "--reason", "换风扇").returncode == 0
    try:
        with listening(cluster, 2):

            def agree() -> bool:
                board = shown(cluster, "directors")["Connections"]
                return (board, in_the_table(cluster), in_status(cluster)) == ("2", 2, 2)

            wait_for("the board has them", agree, 60)
        status = cluster.json("status")
        wait_for(
            "the board knows of the drain",
            lambda: shown(cluster, "directors")["Real servers drained"] == "1",
            60,
        )
        assert len(status["drained"]) == 1
        assert shown(cluster, "directors")["Real servers missing"] == "0"
        cards = [
            card
            for one in status["real_servers"].values()
            for card in (one["gpus"] or NO_CARDS)["cards"]
        ]
        assert len(cards) == 1
        wait_for("the board has the card", lambda: shown(cluster, "gpus")["Cards"] == "1", 60)
        assert shown(cluster, "gpus")["Hottest"] == f"{cards[0]['temperature']} °C"
        releases = {one["release"] for one in status["real_servers"].values()}
        assert shown(cluster, "upgrades")["Releases that run"] == str(len(releases)) == "1"
    finally:
        assert cluster.run("undrain", "rs1").returncode == 0
    wait_for(
        "nobody is drained", lambda: shown(cluster, "directors")["Real servers drained"] == "0", 60
    )
    assert shown(cluster, "overview")["Nodes not ready"] == "0"


def write_certificate(cluster: Cluster, days: int) -> dict[str, Any]:
    """A certificate that lasts so many more days, and its key; what the inventory says of them."""
    now = datetime.now(UTC)
    vip = cluster.lab.topology.lan.vip
    authority = new_authority("elsewhere", now - timedelta(days=365))
    made = issue(authority, [NAME], [vip], now - timedelta(days=365 - days))
    key = cluster.folder / "tls.key"
    key.touch(0o600)
    key.write_text(made.pem().partition("-----BEGIN CERTIFICATE")[0])
    certificate = cluster.folder / "tls.pem"
    certificate.write_text(made.own.public_bytes(Encoding.PEM).decode())
    return {"names": [NAME], "certificate": str(certificate), "key": {"file": str(key)}}


def test_a_certificate_that_ages_is_told_in_time(watched: Watched) -> None:
    cluster, sink = watched
    tls = write_certificate(cluster, 1)
    content = cluster.inventory.read_text()
    cluster.inventory.write_text(f"{content}\ntls: {json.dumps(tls)}\n")
    deployed(cluster, "--no-verify")
    sink.forget()
    first = "CertificateEndsSoon"
    took = wait_for(f"{first} is told", lambda: first in sink.names(), 600)
    print(f"certificate: {first} after {took:.0f} s")
    write_certificate(cluster, 90)
    done = cluster.run("certificates", "renew", "--yes", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for("it is taken back", lambda: not sink.firing(), 400)
    assert sink.names() == {first}
