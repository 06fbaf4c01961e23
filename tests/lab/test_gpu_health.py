"""Cards that break take their slots, and in the end their node, out of service by themselves; whole
again, they bring them back. Real kernels and directors, and NVIDIA's own library for Python over a
stand-in driver."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.gpu_driver.cards import LOST
from tests.lab.cluster import Cluster
from tests.lab.lab_cards import put_cards, set_on_card, unset_on_card
from tests.lab.test_cluster import RR, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]
NODES = ("rs1", "rs2", "rs3")
PATIENCE = 240.0
"""Seconds for what a node decides within ten and takes back after sixty, on kernels that share this
computer's cores."""


@pytest.fixture(scope="module")
def cards(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of three nodes with two cards each, which drains what breaks."""
    put_cards(cluster, NODES, 2, tmp_path_factory.mktemp("cards"))

    def drains(content: dict[str, Any]) -> None:
        content["real_servers"] |= {"gpus": 2, "gpu_health": "drain"}
        content["app"]["engine"] = {"name": "espeak", "gpus": "all", "jobs_per_gpu": 1}

    cluster.write(RR, drains)
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    yield cluster
    cluster.write()
    assert cluster.run("deploy", "--yes", "--no-verify", timeout=1200).returncode == 0


def told(cluster: Cluster, node: str) -> dict[str, Any]:
    """What a node says of itself."""
    address = cluster.lab.topology.node(node).address
    url = f"http://{address}:7860/cluster/status"
    found: dict[str, Any] = json.loads(cluster.from_client("curl", "-sS", url).stdout)
    return found


def out(cluster: Cluster, node: str) -> int:
    """Number of its cards that are out."""
    return len(told(cluster, node)["gpu_health"]["out"])


def serving(cluster: Cluster) -> set[str]:
    """Nodes to which the directors send; none while the two do not agree."""
    found = []
    for director in ("lvs1", "lvs2"):
        weights = cluster.weights(director)
        found.append(
            {
                node
                for node in NODES
                if weights.get(str(cluster.lab.topology.node(node).address), 0) > 0
            }
        )
    return found[0] if found[0] == found[1] else set()


def serves(cluster: Cluster, *nodes: str) -> None:
    """Wait until these nodes, and no others, serve."""
    took = wait_for(f"{nodes} serve", lambda: serving(cluster) == {*nodes}, PATIENCE)
    print(f"{', '.join(nodes)} serve after {took:.1f} s")


def faults(cluster: Cluster, host: str) -> str:
    found = cluster.json("status")["faults"]
    return "\n".join(fault["text"] for fault in found if fault["host"] == host)


def test_a_lost_card_takes_its_slots_and_the_last_one_its_node(cards: Cluster) -> None:
    set_on_card(cards, "rs1", 0, "error", LOST)
    wait_for("its slots are out", lambda: out(cards, "rs1") == 1, PATIENCE)
    assert serving(cards) == {*NODES}
    assert cards.nodes_that_answer(9)["rs1"] > 0
    assert "GPU 0" in faults(cards, "rs1")

    set_on_card(cards, "rs1", 1, "error", LOST)
    serves(cards, "rs2", "rs3")
    assert set(cards.nodes_that_answer(6)) == {"rs2", "rs3"}
    assert "GPU 1" in faults(cards, "rs1")
    events = told(cards, "rs1")["gpu_health"]["history"]
    assert events, events
    assert "rs1" in cards.run("history", "nodes").stdout


def test_whole_again_it_is_back_by_itself(cards: Cluster) -> None:
    for card in range(2):
        unset_on_card(cards, "rs1", card, "error")
    serves(cards, *NODES)
    wait_for("no card is out", lambda: out(cards, "rs1") == 0, PATIENCE)
    assert faults(cards, "rs1") == ""
    assert set(cards.nodes_that_answer(9)) == {*NODES}


def test_the_last_ones_stay(cards: Cluster) -> None:
    for node in NODES:
        for card in range(2):
            set_on_card(cards, node, card, "error", LOST)
    wait_for("two went", lambda: len(serving(cards)) == 1, PATIENCE)
    (left,) = {*NODES} - {node for node in NODES if not _ready(cards, node)}
    wait_for("it says why it stays", partial(_stays, cards, left), PATIENCE)
    serves(cards, left)
    assert set(cards.nodes_that_answer(4)) == {left}
    for node in NODES:
        for card in range(2):
            unset_on_card(cards, node, card, "error")
    serves(cards, *NODES)


def _ready(cluster: Cluster, node: str) -> bool:
    url = f"http://{cluster.lab.topology.node(node).address}:7860/readyz"
    return cluster.from_client("curl", "-sS", "-f", "-o", "/dev/null", url).returncode == 0


def _stays(cluster: Cluster, node: str) -> bool:
    return bool(told(cluster, node)["gpu_health"].get("stays"))
