"""The second way in as a whole: a node a card under Gunicorn and Supervisor, behind edges and
behind directors, from the first deploy through a lost card to an upgrade and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rolling_upgrade.releases import FAILS_TO_START, write_release
from provisioning.lab.topology import Size
from tests.gpu_driver.cards import LOST
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.edge_clients import EdgeClients
from tests.lab.lab_cards import put_cards, set_on_card, unset_on_card
from tests.lab.test_directors_heal import wait_for
from tests.lab.test_edges import at, spoken_by

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(5400)]
SIZE = Size(directors=1, real_servers=2, storage=0, edges=2)
HOSTS = ("rs1", "rs2")
NODES = {f"{host}-gpu{card}" for host in HOSTS for card in range(2)}
PORTS = {0: 12321, 1: 12322}
SEED = "/AIVoice/TTS/CosyVoice2/audio-generate"
QUICK = ("--yes", "--soak", "5s", "--soak-rest", "2s")


def write(cluster: Cluster, **app: object) -> None:
    """Have the app as it is told to be, with a node a card."""

    def change(content: dict[str, Any]) -> None:
        content["real_servers"] |= {"gpus": {"count": 2, "memory": 80}}
        content["services"] = [
            {"name": f"gpu{card}", "port": port, "scheduler": "rr", "persistence": None}
            for card, port in PORTS.items()
        ]
        engine = {"name": "espeak", "jobs_per_gpu": 2}
        content["app"] |= {"per_gpu": True, "engine": engine, **app}

    cluster.write(change)


@pytest.fixture
def cluster(make_lab: MakeLab, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(make_lab("per_gpu", SIZE), tmp_path)
    put_cards(made, HOSTS, 2, tmp_path)
    yield made
    made.run("status")


def speakers(cluster: Cluster, jobs: int = 16) -> set[str]:
    return {spoken_by(cluster) for _ in range(jobs)}


def nodes(cluster: Cluster) -> dict[str, dict[str, Any]]:
    servers = cluster.json("status")["real_servers"].values()
    return {name: node for server in servers for name, node in server["nodes"].items()}


def versions(cluster: Cluster) -> set[str]:
    found = set()
    for host in HOSTS:
        for port in PORTS.values():
            url = f"http://{cluster.lab.topology.node(host).address}:{port}/cluster/status"
            done = cluster.from_client("curl", "-sS", "--max-time", "20", url)
            found.add(json.loads(done.stdout)["version"])
    return found


def test_a_node_a_card_is_operated_as_a_host_and_known_as_a_node(cluster: Cluster) -> None:
    write(cluster, server="gunicorn")
    done = cluster.run("deploy", "--yes", timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every node is in service at the edges" in done.stdout
    assert "Nothing to change" in cluster.run("deploy", "--yes", "--no-verify").stdout

    assert speakers(cluster) == NODES
    given = json.dumps({"text": "你好"})
    told = cluster.from_client(
        "curl", "-sS", "-m", "60", "-H", "Content-Type: application/json", "-d", given,
        at(cluster, SEED),
    )  # fmt: skip
    answer = json.loads(told.stdout)
    assert (answer["code"], answer["message"]) == ("200", "成功"), answer
    for card, port in PORTS.items():
        place = f"http://{cluster.lab.topology.vip}:{port}"
        wanted = {f"{host}-gpu{card}" for host in HOSTS}
        assert {spoken_by(cluster, place) for _ in range(6)} == wanted
    known = nodes(cluster)
    assert {name: node["port"] for name, node in known.items()} == {
        f"{host}-gpu{card}": port for host in HOSTS for card, port in PORTS.items()
    }
    assert all(node["ready"] for node in known.values())
    told_edge = json.loads(
        cluster.from_client("curl", "-sS", at(cluster, "/cluster/status")).stdout
    )
    assert [told_edge[key] for key in ("servers", "gpus_per_server", "total_capacity")] == [2, 2, 8]

    # One process dies: the fault names its node, the others speak, and it comes back by itself.
    cluster.on("rs1", "supervisorctl stop cosyvoice:cosyvoice-gpu1")
    faults = cluster.json("status")["faults"]
    assert any(fault["host"] == "rs1" and "gpu1" in fault["text"] for fault in faults), faults
    assert speakers(cluster) == NODES - {"rs1-gpu1"}
    cluster.on("rs1", "supervisorctl start cosyvoice:cosyvoice-gpu1")
    wait_for("it to speak again", lambda: "rs1-gpu1" in speakers(cluster), 120)

    # A card is lost: status names host and card.
    set_on_card(cluster, "rs2", 1, "error", LOST)
    faults = cluster.json("status")["faults"]
    assert any(fault["host"] == "rs2" and "GPU 1" in fault["text"] for fault in faults), faults
    unset_on_card(cluster, "rs2", 1, "error")
    wait_for("status to be well", lambda: cluster.json("status")["healthy"], 120)

    for card in range(2):
        lines = cluster.on("rs1", f"cat /var/log/cosyvoice/app-gpu{card}.log")
        assert "serving on" in lines
    logs = cluster.run("logs", "rs1").stdout
    assert "gpu0" in logs and "gpu1" in logs

    assert cluster.run("drain", "rs1").returncode == 0
    assert speakers(cluster) == {"rs2-gpu0", "rs2-gpu1"}
    assert not any(node["ready"] for name, node in nodes(cluster).items() if "rs1" in name)
    assert cluster.run("undrain", "rs1").returncode == 0
    wait_for("all to speak", lambda: speakers(cluster) == NODES, 60)

    # Everything is restarted, a host at a time, and nobody is refused for it.
    with EdgeClients(cluster) as clients:
        write(cluster, server="gunicorn", environment={"LAB": "anew"})
        done = cluster.run("deploy", "--yes", "--no-verify", timeout=1800)
        assert done.returncode == 0, done.stdout + done.stderr
    assert set(clients.statuses) == {"200"}, clients.statuses
    print(f"{clients.statuses.total()} jobs at the edges meanwhile")
    assert speakers(cluster) == NODES


def test_a_node_a_card_is_upgraded_and_rolled_back(cluster: Cluster, tmp_path: Path) -> None:
    # An app from elsewhere starts its servers itself.
    first = write_release(tmp_path, "2.0")
    write(cluster, source=str(first), session_routing=True)
    done = cluster.run("deploy", "--yes", "--no-verify", timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert versions(cluster) == {"2.0"}
    with EdgeClients(cluster) as clients:
        new = write_release(tmp_path, "2.1")
        done = cluster.run("rolling-upgrade", "--to", str(new), *QUICK, timeout=1800)
        assert done.returncode == 0, done.stdout + done.stderr
        assert versions(cluster) == {"2.1"}
        # One that does not start stops at the first host, which goes on with the one before.
        bad = write_release(tmp_path, "2.2", FAILS_TO_START)
        done = cluster.run("rolling-upgrade", "--to", str(bad), *QUICK, timeout=1800)
        assert done.returncode == 1 and "no_such_module_as_this" in done.stdout + done.stderr
        assert versions(cluster) == {"2.1"}
        done = cluster.run("rollback", "--yes", timeout=1800)
        assert done.returncode == 0, done.stdout + done.stderr
        assert versions(cluster) == {"2.0"}
    assert set(clients.statuses) == {"200"}, clients.statuses
    print(f"{clients.statuses.total()} jobs at the edges meanwhile")
    assert speakers(cluster) == NODES
