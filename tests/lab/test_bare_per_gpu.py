"""A node a card under systemd's template units, on a Debian with nothing on it: deployed, stopped,
killed, drained and rebooted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from tests.lab.bare_cluster import MINUTES
from tests.lab.cluster import Cluster
from tests.lab.lab_cards import send_cards
from tests.lab.test_cluster import wait_for
from tests.lab.test_edges import JOB

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]
PORTS = {"gpu0": 12321, "gpu1": 12322}


def _a_node_a_card(content: dict[str, Any]) -> None:
    content["real_servers"] |= {"gpus": {"count": 2, "memory": 80}}
    content["services"] = [
        {"name": name, "port": port, "scheduler": "rr", "persistence": None}
        for name, port in PORTS.items()
    ]
    engine = {"name": "espeak", "jobs_per_gpu": 1}
    content["app"] |= {"per_gpu": True, "server": "gunicorn", "engine": engine}


@pytest.fixture(scope="module")
def cards(one_director: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cards")
    made = Cluster(one_director, folder)
    # Before there is Python, NVIDIA's kernel module is asked for its cards.
    made.on("rs1", "apt-get -qq update && apt-get -qq install -y python3 > /dev/null 2>&1")
    send_cards(one_director, "rs1", 2, folder)
    made.write(_a_node_a_card)
    done = made.run("deploy", "--yes", "--no-verify", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    print(made.on("rs1", "journalctl -b -p warning --no-pager | tail -n 60"))


def states(cluster: Cluster) -> list[str]:
    return cluster.on("rs1", "systemctl is-active cosyvoice@gpu0 cosyvoice@gpu1; true").split()


def speakers(cluster: Cluster) -> set[str]:
    """Names of the cards whose port at the VIP speaks."""
    found = set()
    for name, port in PORTS.items():
        done = cluster.from_client(
            "curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}",
            "-H", "Content-Type: application/json", "-d", JOB,
            f"http://{cluster.lab.topology.vip}:{port}/v1/audio/speech",
        )  # fmt: skip
        if done.stdout == "200":
            found.add(name)
    return found


def both_speak(cluster: Cluster) -> None:
    wait_for("both cards to speak", lambda: speakers(cluster) == set(PORTS), MINUTES)


def test_each_card_has_a_unit_of_its_own(cards: Cluster) -> None:
    assert "Nothing to change" in cards.run("deploy", "--yes", "--no-verify").stdout
    both_speak(cards)
    assert states(cards) == ["active", "active"]
    assert "disabled" not in cards.on("rs1", "systemctl is-enabled cosyvoice@gpu0 cosyvoice@gpu1")
    pids = {name: _pid(cards, name) for name in PORTS}
    for name, pid in pids.items():
        seen = cards.on("rs1", f"tr '\\0' '\\n' < /proc/{pid}/environ")
        assert f"CUDA_VISIBLE_DEVICES={name[-1]}" in seen.splitlines()
    told = cards.on("rs1", "ps -o user= -p " + ",".join(pids.values())).split()
    assert told == ["cosyvoice"] * 2
    exposure = cards.on("rs1", "systemd-analyze security cosyvoice@gpu0 --no-pager | tail -n 1")
    print(exposure)
    assert float(exposure.rpartition("cosyvoice@gpu0.service: ")[2].split()[0]) <= 2.5


def _pid(cluster: Cluster, name: str) -> str:
    return cluster.on("rs1", f"systemctl show -p MainPID --value cosyvoice@{name}").strip()


def test_one_that_is_stopped_is_named_and_one_that_is_killed_comes_back(cards: Cluster) -> None:
    cards.on("rs1", "systemctl stop cosyvoice@gpu1")
    faults = cards.json("status")["faults"]
    assert any(fault["host"] == "rs1" and "gpu1" in fault["text"] for fault in faults), faults
    assert "gpu0" in speakers(cards)
    cards.on("rs1", "systemctl start cosyvoice@gpu1")
    both_speak(cards)
    before = _pid(cards, "gpu0")
    cards.on("rs1", "systemctl kill -s KILL cosyvoice@gpu0")
    wait_for("systemd to start it", lambda: _pid(cards, "gpu0") not in ("0", before), MINUTES)
    both_speak(cards)
    assert _pid(cards, "gpu1") != "0"


def test_both_are_back_after_a_reboot_and_their_logs_are_told_apart(cards: Cluster) -> None:
    lifecycle.reboot(cards.lab, "rs1")
    both_speak(cards)
    assert states(cards) == ["active", "active"]
    logs = cards.run("logs", "rs1").stdout
    assert "gpu0" in logs and "gpu1" in logs
    node = cards.json("status")["real_servers"]["rs1"]["nodes"]
    assert {name: one["port"] for name, one in node.items()} == {
        f"rs1-{name}": port for name, port in PORTS.items()
    }


def test_an_undrained_node_serves_with_both(cards: Cluster) -> None:
    assert cards.run("drain", "rs1", "--force").returncode == 0
    assert speakers(cards) == set()
    assert cards.run("undrain", "rs1").returncode == 0
    both_speak(cards)
    assert json.loads(cards.run("status", "--json").stdout)["drained"] == {}
