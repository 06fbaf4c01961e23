"""Edges as the only way in: no director, from the first deploy to an upgrade and a power cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.topology import Size
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.edge_clients import EdgeClients
from tests.lab.test_directors_heal import wait_for
from tests.lab.test_edges import holder, spoken_by, vip_on

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]
SIZE = Size(directors=0, real_servers=2, storage=0, edges=2)


@pytest.fixture
def cluster(make_lab: MakeLab, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(make_lab("alone", SIZE), tmp_path)
    made.write()
    yield made
    made.run("status")


def test_a_cluster_of_edges_alone_lives_through_all_of_it(cluster: Cluster, tmp_path: Path) -> None:
    done = cluster.run("deploy", "--yes", timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    for check in ("edges serve, and one holds their VIP", "every node is in service at the edges"):
        assert check in done.stdout
    assert "the app speaks through the VIP" in done.stdout
    # But for the names of templates that both have.
    lines = [line for line in done.stdout.splitlines() if "# Made by" not in line]
    assert not re.search(r"\bdirectors?\b", "\n".join(lines))
    assert "Nothing to change" in cluster.run("deploy", "--yes", "--no-verify").stdout
    assert {spoken_by(cluster) for _ in range(8)} == {"rs1", "rs2"}
    lo = cluster.lab.exec("rs1", ["ip", "-o", "-4", "address", "show", "dev", "lo"]).stdout
    assert str(cluster.lab.topology.vip) not in lo

    # A drain, known to a copy of the inventory as well; the last one is not drained.
    assert cluster.run("drain", "rs1").returncode == 0
    assert {spoken_by(cluster) for _ in range(4)} == {"rs2"}
    refused = cluster.run("drain", "rs2")
    assert refused.returncode == 1 and "rs2 is needed" in refused.stdout + refused.stderr
    (tmp_path / "copy").mkdir()
    copy = Cluster(cluster.lab, tmp_path / "copy")
    copy.write()
    assert copy.json("status")["drained"].keys() == {"rs1"}
    assert copy.run("undrain", "rs1").returncode == 0
    assert {spoken_by(cluster) for _ in range(8)} == {"rs1", "rs2"}

    # A change of both nodes, one after the other, and nobody is refused for it.
    cluster.write(lambda content: content["app"].update(environment={"LAB": "anew"}))
    with EdgeClients(cluster) as clients:
        # Its own sentence would come from the clients' address, and use up what one may have.
        done = cluster.run("deploy", "--yes", "--no-verify", timeout=1500)
        assert done.returncode == 0, done.stdout + done.stderr
    assert cluster.run("verify").returncode == 0
    assert set(clients.statuses) == {"200"}, clients.statuses
    assert clients.statuses.total() > 3

    wait_for("one edge to have the VIP", lambda: holder(cluster) is not None, 30)
    before = str(holder(cluster))
    after = "edge2" if before == "edge1" else "edge1"
    assert cluster.run("switchover").returncode == 0
    wait_for("the VIP to have moved", lambda: holder(cluster) == after, 30)
    lifecycle.kill(cluster.lab, after)
    wait_for("the other edge to have the VIP", lambda: vip_on(cluster, before), 30)
    assert spoken_by(cluster) in {"rs1", "rs2"}
    refused = cluster.run("drain", "rs1")
    assert refused.returncode == 1 and after in refused.stdout + refused.stderr
    assert cluster.run("drain", "rs1", "--force").returncode == 0
