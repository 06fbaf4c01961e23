"""A cluster whose only way in is edges: they say who gets work, and remember the cluster."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from provisioning.cli.commands.switchover import switchover
from provisioning.cli.views.status import status_view
from provisioning.engine.lock import LockedError
from provisioning.facts.edge_sends import EdgeSends, edge_sends
from provisioning.facts.health_checks import health_checks
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.cluster_state.tables import (
    Tables,
    edge_table,
    holders_of,
    look_at_tables,
)
from provisioning.operations.drain.capacity import lacking_without, never_without
from provisioning.operations.drain.sending import look_at_directors, serving
from provisioning.operations.drain.steps import bring_back, take_out
from provisioning.operations.errors import OperationError
from provisioning.operations.faults.edges import edge_node_faults
from provisioning.operations.rolling_upgrade.ssh.snapshot_builder import build_snapshot
from provisioning.operations.run.run import journaled_run
from provisioning.operations.status.record import status_record
from provisioning.operations.verify.client_report import ClientReport
from provisioning.operations.verify.edges import edge_speech
from provisioning.operations.verify.proof import judge
from provisioning.operations.verify.speech import check_speech
from provisioning.resources.base import Observation
from provisioning.roles.host_status import HostStatus
from provisioning.transport.base import Transport, UnreachableError
from tests.operations.edges_alone import EDGES, configuration, edges_alone
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster
from tests.operations.test_two_folders import Folder

_EDGES: dict[str, object] = {
    "vip": "192.168.1.110",
    "hosts": {"edge1": "192.168.1.51", "edge2": "192.168.1.52"},
}
_CLUSTER = {
    "real_servers": {"hosts": {"rs1": "192.168.1.101", "rs2": "192.168.1.102"}},
    "edges": _EDGES,
}
INVENTORY = Inventory.model_validate(_CLUSTER)
DRAINED = Runtime({"rs1": Drain("ops run 1", "2026-01-01T00:00:00+00:00", "内存")})


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
    usual = SandboxCluster.said

    def said(self: SandboxCluster, name: str) -> dict[str, object]:
        told = usual(self, name)
        return {"ready": not told["reason"], **told}

    monkeypatch.setattr(SandboxCluster, "said", said)
    with edges_alone(tmp_path, monkeypatch) as made:

        def connect(name: str, *_: object, **__: object) -> Transport:
            if name in made.gone:
                raise UnreachableError(f"{name}: no answer within 10 s")
            return made.hosts[name]

        monkeypatch.setattr(cluster_fleet, "connect", connect)
        yield made


def weights(sandbox: SandboxCluster) -> dict[str, dict[str, int]]:
    """What each edge gives each real server."""
    fleet = sandbox.fleet()
    fleet.connect(EDGES)
    tables = look_at_tables(sandbox.inventory, EDGES, fleet)
    return {
        edge: {str(one.address): one.weight for one in service.servers}
        for edge, (service,) in tables.items()
    }


def test_a_drain_there_and_back(sandbox: SandboxCluster) -> None:
    before = configuration(sandbox, "edge2")
    with journaled_run(sandbox.cluster, ["test"]) as run:
        op = operation(sandbox.cluster, sandbox.fleet(), run)
        take_out(op, "rs1")
        assert sandbox.mark("rs1").exists()
        for edge in EDGES:
            assert "node-rs1.sock max_conns=1 max_fails=1 fail_timeout=2s down;" in configuration(
                sandbox, edge
            )
            assert weights(sandbox)[edge]["127.0.0.1"] == 0
        # The other one is all there is now.
        with pytest.raises(OperationError, match="rs2 is needed: no other real server of"):
            take_out(op, "rs2")
        bring_back(op, "rs1")
    assert not sandbox.mark("rs1").exists() and configuration(sandbox, "edge2") == before
    both = {"127.0.0.1": 1, "127.0.0.2": 1}
    assert weights(sandbox) == dict.fromkeys(EDGES, both)


def test_an_edge_that_is_away_stops_a_drain_unless_forced(sandbox: SandboxCluster) -> None:
    sandbox.gone = {"edge2"}
    with journaled_run(sandbox.cluster, ["test"]) as run:
        op = operation(sandbox.cluster, sandbox.fleet(), run)
        with pytest.raises(OperationError, match="it would not know"):
            take_out(op, "rs1")
        take_out(op, "rs1", force=True)
    assert "down;" in configuration(sandbox, "edge1")


def test_a_deploy_sees_who_serves_and_who_holds_the_vip(sandbox: SandboxCluster) -> None:
    fleet = sandbox.fleet()
    seen = look_at_directors(sandbox.inventory, fleet)
    assert seen.told == list(EDGES) and not seen.unseen
    assert holders_of(sandbox.inventory, fleet) == {"edge1"} == seen.holders
    sandbox.gone = {"edge1"}
    assert "edge1: no answer" in look_at_directors(sandbox.inventory, sandbox.fleet()).unseen


def test_a_copy_of_the_inventory_knows_drains_from_the_edges(
    sandbox: SandboxCluster, tmp_path: Path
) -> None:
    one, two = Folder(tmp_path / "one", sandbox), Folder(tmp_path / "two", sandbox)
    one.drain("rs1")
    for edge in EDGES:
        path = sandbox.hosts[edge].root / "var/lib/cosyvoice-cluster/cluster.json"
        assert "rs1" in json.loads(path.read_text())["drains"]
    assert not (sandbox.hosts["rs2"].root / "var/lib/cosyvoice-cluster/cluster.json").exists()
    fleet = sandbox.fleet()
    seen = look_at(sandbox.inventory, fleet, ClusterRecord())
    assert seen.runtime.drains.keys() == {"rs1"}
    with one.at_work() as (_, run):
        with pytest.raises(LockedError, match="is held by it") as caught:
            two.drain("rs2")
        assert run.holder in str(caught.value)
    two.undrain("rs1")
    with one.at_work():
        assert not one.cluster.runtime.drains


def test_where_an_edge_is_away_every_host_is_locked(
    sandbox: SandboxCluster, tmp_path: Path
) -> None:
    one, two = Folder(tmp_path / "one", sandbox), Folder(tmp_path / "two", sandbox)
    sandbox.gone = {"edge1"}
    with one.at_work() as (fleet, _):
        fleet.connect(["rs1"])
        sandbox.gone = {"edge2"}
        with two.at_work() as (other, _), pytest.raises(LockedError, match="rs1 is held"):
            other.connect(["rs1"])


def observed(nodes: list[dict[str, object]], conf: str) -> EdgeSends:
    text = f"{json.dumps({'nodes': nodes})}\n{conf}"
    return edge_sends(9080).parse(Observation(text, "", 0))


def test_what_an_edge_sends_is_what_both_of_its_programs_say() -> None:
    sends = observed(
        [
            {"name": "rs1", "ready": True, "drained": False},
            {"name": "rs2", "ready": False, "drained": False, "reason": "starting"},
            {"name": "rs3", "ready": True, "drained": True},
            {"name": "rs4", "ready": True, "drained": False},
        ],
        "rs1 weight=3\nrs2 weight=1\nrs3 down\n",
    )
    assert sends.weights == {"rs1": 3, "rs2": 0, "rs3": 0, "rs4": None}
    assert sends.reasons == {"rs2": "starting"}
    refused = edge_sends(9080).parse(Observation("\nrs1 weight=1\n", "curl: (7) refused", 0))
    assert refused.problem == "its Nginx does not answer: curl: (7) refused"
    assert "silent" in edge_sends(9080).parse(Observation("<html>\n", "", 0)).problem


def table(**given: int) -> EdgeSends:
    return EdgeSends(dict(given))


def test_an_upgrade_leaves_enough_at_every_edge() -> None:
    edges = INVENTORY.edges
    assert edges is not None
    tables: Tables = {
        "edge1": (edge_table(INVENTORY, edges, table(rs1=1, rs2=1)),),
        "edge2": (edge_table(INVENTORY, edges, table(rs1=1, rs2=0)),),
    }
    snapshot = build_snapshot(INVENTORY, Runtime(), tables, {"edge1"}, {}, {})
    assert snapshot.masters == ("edge1",)
    (service,) = snapshot.services
    assert (service.name, service.weights) == ("192.168.1.110:9080", {"rs1": 1, "rs2": 0})
    (fault,) = snapshot.faults
    assert "the edges do not agree on rs2: weight 1 on edge1, 0 on edge2" in fault
    (lacking,) = lacking_without(INVENTORY, Runtime(), tables, frozenset({"rs1"}))
    assert lacking == "no other real server of 192.168.1.110:9080 on edge2 is healthy"
    assert serving(INVENTORY, tables, ["rs1", "rs2"]) == {"rs1", "rs2"}
    assert never_without(INVENTORY, "rs1") == []
    away = build_snapshot(INVENTORY, Runtime(), tables, set(), {}, {"edge2": "edge2: gone"})
    assert away.faults[:2] == ("edge2: gone", "no edge holds the VIP")


def edge(*, holds: bool = True, **ready: bool) -> HostStatus:
    nodes = [
        {"name": name, "ready": yes, "drained": False, "reason": "" if yes else "timed out"}
        for name, yes in ready.items()
    ]
    record = {"holds_vip": holds, "vrrp": "MASTER" if holds else "BACKUP", "nodes": nodes}
    return HostStatus(record, {})


def state(**edges: HostStatus) -> ClusterState:
    return ClusterState(others={"edges": edges})


def test_a_node_that_an_edge_does_not_reach_is_a_fault() -> None:
    found = state(edge1=edge(rs1=True, rs2=True), edge2=edge(holds=False, rs1=True, rs2=False))
    (fault,) = edge_node_faults(INVENTORY, found)
    assert str(fault) == "rs2: gets nothing from edge2: timed out"
    drained = ClusterState(others=found.others, runtime=Runtime({"rs2": Drain("ops", "now")}))
    assert not list(edge_node_faults(INVENTORY, drained))


def test_verify_asks_for_nothing_of_directors_and_speaks_through_the_edges() -> None:
    seen = state(edge1=edge(rs1=True, rs2=True), edge2=edge(holds=False, rs1=True, rs2=True))
    checks = {one.name: one for one in judge(INVENTORY, seen, ClientReport(), {}, None)}
    said = " ".join(checks)
    assert "director" not in said and "kernel" not in said and " lo " not in said
    assert "at the VIPs" not in said
    assert checks["every node is in service at the edges"].evidence == "rs1, rs2 at edge1, edge2"
    assert checks["every host can be looked at"].evidence == "2 hosts"
    target = edge_speech(INVENTORY)
    assert target is not None
    assert (str(target.address), target.port, target.tls) == ("192.168.1.110", 9080, False)
    assert target.path == "/v1/audio/speech"
    edges = {**_EDGES, "paths": {"jobs": ["/tts/"], "others": []}}
    other = Inventory.model_validate({**_CLUSTER, "edges": edges})
    assert edge_speech(other) is None
    assert "do not pass /v1/audio/speech on" in check_speech(other, ClientReport()).evidence


def test_status_has_no_table_of_directors_and_is_the_same_for_programs() -> None:
    seen = state(edge1=edge(rs1=True, rs2=True), edge2=edge(holds=False, rs1=True, rs2=True))
    console = Console(width=160, force_terminal=False)
    with console.capture() as shown:
        console.print(status_view(INVENTORY, seen, []))
    text = shown.get()
    assert "Directors" not in text and "VIP on lo" not in text and "ARP" not in text
    assert text.startswith("Real servers") and "Edges" in text
    record = status_record(INVENTORY, seen, [])
    assert record["directors"] == {} and record["edges"]["edge1"]["nodes"][0]["name"] == "rs1"


def test_a_real_server_is_asked_where_the_edges_ask() -> None:
    fragment = health_checks(INVENTORY, "rs1").fragment
    assert "192.168.1.101" in fragment and "192.168.1.110" not in fragment


def test_the_vip_that_moves_is_the_edges(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(json.dumps(_CLUSTER))
    said = CliRunner().invoke(switchover, ["-i", str(path), "--to", "rs1"])
    assert said.exit_code == 2 and "rs1 is not an edge; choose from edge1, edge2" in said.output
