"""Edges in the operations that know directors: drains, status, faults, switch-overs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.drain.runtime_change import director_parts
from provisioning.operations.drain.steps import bring_back, take_out
from provisioning.operations.errors import OperationError
from provisioning.operations.run.run import journaled_run
from provisioning.operations.state_folder.directors_record import (
    as_directors_have_it,
    remember_directors,
)
from provisioning.places import EDGE_NODES, NGINX_CONF, NGINX_PROGRAM
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.operations import sandbox_cluster as sandboxes
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, SandboxHost, sandbox_cluster

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
