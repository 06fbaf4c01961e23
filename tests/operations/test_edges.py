"""Edges in the operations that know directors: drains, status, faults, verify, switch-overs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from provisioning.cli.commands.switchover import switchover
from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.facts.edge_status import EDGE_VRRP, edge_answer
from provisioning.facts.fact import Answers
from provisioning.facts.http_replies import HttpReply
from provisioning.facts.keepalived import KEEPALIVED_RUNS
from provisioning.facts.lan.interfaces import INTERFACES
from provisioning.facts.served_certificate import served_certificate
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.model.tls.authority import issue, new_authority
from provisioning.model.tls.tls import Tls
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.drain.runtime_change import director_parts
from provisioning.operations.drain.steps import bring_back, take_out
from provisioning.operations.errors import OperationError
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.run.run import journaled_run
from provisioning.operations.state_folder.directors_record import (
    as_directors_have_it,
    remember_directors,
)
from provisioning.operations.status.record import status_record
from provisioning.operations.switchover import edges as switching
from provisioning.operations.switchover.edges import switch_edges
from provisioning.operations.verify.client_report import ClientReport
from provisioning.operations.verify.edges import (
    check_edges_inside,
    check_edges_outside,
    edge_targets,
)
from provisioning.places import EDGE_NODES, NGINX_CONF, NGINX_PROGRAM
from provisioning.resources.base import Observation
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from provisioning.roles.edge.view import edge_view
from provisioning.roles.host_status import HostStatus
from tests.certificates import NAME
from tests.operations import sandbox_cluster as sandboxes
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, SandboxHost, sandbox_cluster

_NODES = [{"name": f"rs{number}", "ready": True} for number in (1, 2, 3)]
_STATUS = {"status": "degraded", "servers": 3, "healthy": 2, "nodes": _NODES}
_STATUS |= {"total_capacity": 8, "busy": 3, "waiting": 1}
_EDGES = {"vip": "127.0.0.200", "hosts": {"edge1": "127.0.0.51"}}


def with_edges(inventory: Inventory) -> Inventory:
    content = inventory.model_dump(mode="json", exclude_unset=True)
    return Inventory.model_validate({**content, "edges": _EDGES})


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
    """Deployed as far as a drain is concerned, with an edge that is deployed."""
    paths = (*sandboxes._PATHS, "/etc/nginx", NGINX_PROGRAM, "/var/log/nginx")
    monkeypatch.setattr(sandboxes, "_PATHS", paths)
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        made.inventory = with_edges(made.inventory)
        made.cluster = Cluster(made.inventory, made.cluster.path)
        made.hosts["edge1"] = SandboxHost(tmp_path / "edge1")
        deploy_edge(made)
        yield made


def deploy_edge(sandbox: SandboxCluster) -> None:
    host = sandbox.hosts["edge1"]
    for folder in ("etc/nginx", "usr/local/sbin", "var/log/nginx"):
        (host.root / folder).mkdir(parents=True)
    program = host.root / NGINX_PROGRAM.lstrip("/")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    files = tuple(
        one
        for one in desired_hosts(sandbox.inventory, None, Runtime())["edge1"].resources
        if isinstance(one, File) and one.path in (NGINX_CONF, EDGE_NODES)
    )
    plan, _ = observe_and_plan("edge1", host, (), files, {})
    assert apply_plan(plan, host, run_id="r0", holder="me", progress=silent).ok


def configuration(sandbox: SandboxCluster) -> str:
    return (sandbox.hosts["edge1"].root / NGINX_CONF.lstrip("/")).read_text(encoding="utf-8")


def out(sandbox: SandboxCluster, *, force: bool = False) -> None:
    with journaled_run(sandbox.cluster, ["test"]) as run:
        take_out(operation(sandbox.cluster, sandbox.fleet(), run), "rs1", force=force)


def test_a_drain_reaches_the_edges_and_ends_there_too(sandbox: SandboxCluster) -> None:
    before = configuration(sandbox)
    out(sandbox)
    assert "node-rs1.sock max_conns=1 max_fails=1 fail_timeout=2s down;" in configuration(sandbox)
    told = (sandbox.hosts["edge1"].root / "systemctl").read_text()
    assert "reload" in told and "restart nginx" not in told
    with journaled_run(sandbox.cluster, ["test"]) as run:
        bring_back(operation(sandbox.cluster, sandbox.fleet(), run), "rs1")
    assert configuration(sandbox) == before


def test_an_edge_that_is_away_stops_it_unless_forced(sandbox: SandboxCluster) -> None:
    sandbox.gone = {"edge1"}
    with pytest.raises(OperationError, match="it would go on sending as before"):
        out(sandbox)
    assert sandbox.cluster.runtime.drains == {}
    out(sandbox, force=True)
    assert sandbox.cluster.runtime.drains.keys() == {"rs1"}


def test_an_edge_that_was_never_deployed_is_left_alone(sandbox: SandboxCluster) -> None:
    (sandbox.hosts["edge1"].root / NGINX_CONF.lstrip("/")).unlink()
    out(sandbox)
    assert not (sandbox.hosts["edge1"].root / NGINX_CONF.lstrip("/")).exists()


def test_a_share_is_a_weight_and_other_changes_are_nothing() -> None:
    inventory = with_edges(
        Inventory.model_validate(
            {
                "vip": "127.0.0.100",
                "directors": {"hosts": {"lvs1": "127.0.0.11"}},
                "real_servers": {
                    "hosts": {"rs1": {"address": "127.0.0.1", "weight": 10}, "rs2": "127.0.0.2"}
                },
            }
        )
    )
    [conf] = [
        one
        for one in director_parts(inventory, Runtime(), Runtime(shares={"rs1": 30}))["edge1"][1]
        if isinstance(one, File)
    ]
    assert "node-rs1.sock max_conns=1 max_fails=1 fail_timeout=2s weight=3;" in conf.content
    assert director_parts(inventory, Runtime(), Runtime(preferred="lvs1"))["edge1"][1] == ()


def test_drains_follow_the_edges_that_there_were(tmp_path: Path) -> None:
    without = Inventory.model_validate(
        {
            "vip": "127.0.0.100",
            "directors": {"hosts": {"lvs1": "127.0.0.11"}},
            "real_servers": {"hosts": {"rs1": "127.0.0.1"}},
        }
    )
    now = with_edges(without)
    remember_directors(tmp_path, without)
    assert as_directors_have_it(tmp_path, now).edges is None
    remember_directors(tmp_path, now)
    assert as_directors_have_it(tmp_path, now).edges == now.edges
    drain = Runtime({"rs1": Drain("ops", "2026-01-01T00:00:00+00:00")})
    assert director_parts(without, Runtime(), drain).keys() == {"lvs1"}


TWO = Inventory.model_validate(
    {
        "vip": "127.0.0.100",
        "directors": {"hosts": {"lvs1": "127.0.0.11"}},
        "real_servers": {"hosts": {"rs1": "127.0.0.1"}},
        "edges": {"vip": "127.0.0.200", "hosts": {"edge1": "127.0.0.51", "edge2": "127.0.0.52"}},
    }
)


def seen(
    *, holds: bool = True, vrrp: str = "MASTER", runs: bool = True, said: str | None = ""
) -> HostStatus:
    """An edge by what it answers; ``said`` is the status, None where Nginx is silent."""
    found = '[{"ifname": "eth0", "addr_info": [{"local": "127.0.0.200", "prefixlen": 32}]}]'
    answers = {
        INTERFACES.name: Observation(found if holds else "[]", "", 0),
        EDGE_VRRP.name: Observation(f"{vrrp}\n", "", 0),
        KEEPALIVED_RUNS.name: Observation("", "", int(not runs)),
        edge_answer(9080).name: Observation("", "curl: (7) refused", 7)
        if said is None
        else Observation(said or json.dumps(_STATUS), "", 0),
    }
    return edge_view(TWO, "edge1").combine(Answers(answers))


def state(**edges: HostStatus) -> ClusterState:
    return ClusterState(others={"edges": edges})


BACKUP: dict[str, Any] = {"holds": False, "vrrp": "BACKUP"}


def test_status_shows_what_an_edge_knows() -> None:
    one = seen()
    assert one.faults == ()
    assert one.cells["nodes ready"].text == "2 of 3" and not one.cells["nodes ready"].good
    assert one.cells["jobs"].text == "3 of 8"
    both = state(edge1=one, edge2=seen(**BACKUP))
    record = status_record(TWO, both, [])["edges"]
    assert record["edge1"] == {
        "holds_vip": True,
        "vrrp": "MASTER",
        "keepalived": True,
        "nginx": True,
        "total_capacity": 8,
        "healthy": 2,
        "busy": 3,
        "waiting": 1,
        "nodes": _NODES,
    }
    assert not [fault for fault in all_faults(TWO, both) if "edge" in str(fault)]


TLS = TWO.model_copy(update={"tls": Tls(names=[NAME], authority="cluster")})


def with_certificate(days: int, names: list[str]) -> HostStatus:
    """An edge that ends TLS, with a certificate for so many days more."""
    assert TLS.tls is not None
    then = datetime.now(UTC) - timedelta(days=365 - days)
    pem = issue(new_authority("a", then), names, [], then).pem()
    shown = served_certificate(TLS.tls, "/usr/bin/python3")
    answers = {
        INTERFACES.name: Observation("[]", "", 0),
        EDGE_VRRP.name: Observation("BACKUP\n", "", 0),
        KEEPALIVED_RUNS.name: Observation("", "", 0),
        edge_answer(9080).name: Observation(json.dumps(_STATUS), "", 0),
        shown.name: Observation(json.dumps({"pem": pem}), "", 0),
    }
    return edge_view(TLS, "edge1").combine(Answers(answers))


def test_its_certificate_is_shown_and_one_that_ends_soon_is_a_fault() -> None:
    good = with_certificate(100, [NAME])
    assert good.cells["certificate"].text in ("99 days left", "100 days left")
    record = status_record(TLS, state(edge1=good), [])["edges"]["edge1"]
    assert record["certificate"]["names"] == [NAME] and record["certificate"]["days_left"] > 99
    assert not [fault for fault in all_faults(TLS, state(edge1=good)) if fault.host == "edge1"]
    late = state(edge1=with_certificate(3, [NAME]))
    assert any("ends on" in str(fault) for fault in all_faults(TLS, late) if fault.host == "edge1")
    other = state(edge1=with_certificate(100, ["other.example"]))
    assert any("not for" in str(one) for one in all_faults(TLS, other) if one.host == "edge1")


@pytest.mark.parametrize(
    ("edges", "text"),
    [
        ({"edge1": seen(), "edge2": seen()}, "edge1 and edge2 both hold the edges' VIP"),
        ({"edge1": seen(**BACKUP), "edge2": seen(**BACKUP)}, "no edge holds the VIP 127.0.0.200"),
        ({"edge1": seen(said=None)}, "edge1: Nginx does not answer: curl: (7) refused"),
        ({"edge1": seen(said="<html>")}, "edge1: it does not know how the nodes are"),
        ({"edge1": seen(runs=False)}, "edge1: Keepalived does not run"),
        ({"edge1": seen(holds=False, vrrp="FAULT")}, "edge1: VRRP is in FAULT"),
    ],
)
def test_what_is_wrong_with_edges_is_a_fault_and_fails_verify(
    edges: dict[str, HostStatus], text: str
) -> None:
    found = state(**edges)
    assert any(text in str(fault) for fault in all_faults(TWO, found))
    check, _ = check_edges_inside(TWO, found)
    assert not check.ok and text in check.evidence and check.fix


def test_one_that_cannot_be_looked_at_may_have_the_vip() -> None:
    found = state(edge2=seen(**BACKUP))
    assert not [fault for fault in all_faults(TWO, found) if "edge" in str(fault)]


@pytest.mark.parametrize(
    ("reply", "ok", "evidence"),
    [
        (HttpReply(200, None, text=json.dumps({**_STATUS, "status": "healthy"})), True, "2 of 3"),
        (HttpReply(200, None, text=json.dumps(_STATUS)), False, "2 of 3 nodes, 8 at a time"),
        (HttpReply(404, None, text="<html>"), False, "HTTP status 404"),
        (HttpReply(None, None, "refused"), False, "refused"),
    ],
)
def test_verify_asks_at_the_edges_vip(reply: HttpReply, ok: bool, evidence: str) -> None:
    report = ClientReport({"127.0.0.200:9080": (reply,)})
    (check,) = check_edges_outside(TWO, report)
    assert check.ok is ok and evidence in check.evidence
    assert not check_edges_outside(TWO, ClientReport())[0].ok


def test_with_tls_a_client_asks_there_by_tls() -> None:
    (target,) = edge_targets(TLS).values()
    assert (target.port, target.tls) == (443, True)
    (check,) = check_edges_outside(TLS, ClientReport())
    assert check.name == "127.0.0.200:443 admits jobs"


@contextmanager
def _no_probe(*_: object) -> Iterator[Any]:
    yield lambda: (0.3, "")


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
    """Two edges; the first has the VIP until it is told to yield."""
    monkeypatch.setattr(sandboxes, "_PATHS", (*sandboxes._PATHS, "/run/cosyvoice-switchover"))
    monkeypatch.setattr(switching, "measured_gap", _no_probe)
    with sandbox_cluster(tmp_path) as made:
        made.inventory = TWO
        made.cluster = Cluster(TWO, made.cluster.path)
        for name in ("edge1", "edge2"):
            made.hosts[name] = SandboxHost(tmp_path / name)
        first, second = (made.hosts[name].root for name in ("edge1", "edge2"))
        has = sandboxes.HOLDS_VIP.replace("127.0.0.100", "127.0.0.200")
        (first / "addresses").write_text(has)
        (first / "bin/ip").write_text(
            "#!/bin/sh\n"
            f'if [ "$(cat {first}/run/cosyvoice-switchover 2>/dev/null)" = 1 ]; then\n'
            f"    mv {first}/addresses {second}/addresses; echo '[]' > {first}/addresses\n"
            f"fi\ncat {first}/addresses\n"
        )
        yield made


def switch(pair: SandboxCluster, to: str | None = None) -> tuple[str, str]:
    fleet = pair.fleet()
    fleet.connect(["edge1", "edge2"])
    with journaled_run(pair.cluster, ["test"]) as run:
        done = switch_edges(operation(pair.cluster, fleet, run), to=to)
    return done.old, done.new


def seeing(monkeypatch: pytest.MonkeyPatch, **edges: HostStatus) -> None:
    monkeypatch.setattr(switching, "look_at", lambda *_: state(**edges))


def test_the_edges_vip_moves_on_purpose(
    pair: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeing(monkeypatch, edge1=seen(), edge2=seen(**BACKUP))
    assert switch(pair) == ("edge1", "edge2")
    assert (pair.hosts["edge1"].root / "run/cosyvoice-switchover").read_text() == "0\n"
    assert switch(pair, "edge1") == ("", "edge1"), "as the look still says"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (seen(holds=False, vrrp="BACKUP", said=None), "Nginx does not answer"),
        (seen(holds=False, vrrp=""), "it is nothing yet, not BACKUP"),
    ],
)
def test_it_does_not_move_to_one_that_is_not_fit(
    other: HostStatus, why: str, pair: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeing(monkeypatch, edge1=seen(), edge2=other)
    with pytest.raises(OperationError, match=why):
        switch(pair)
    assert not (pair.hosts["edge1"].root / "run/cosyvoice-switchover").exists()


def test_the_command_knows_the_edges(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    text = json.dumps(TWO.model_dump(mode="json", exclude_unset=True))
    path.write_text(text.replace("127.0.0.", "192.168.1."))
    said = CliRunner().invoke(switchover, ["-i", str(path), "--edges", "--to", "lvs1"])
    assert said.exit_code == 2 and "choose from edge1, edge2" in said.output
