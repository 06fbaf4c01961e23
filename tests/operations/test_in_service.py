"""Nodes that came back are waited for until the directors send to them, and no longer than it can
take."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.engine.progress import Event
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.drain import in_service
from provisioning.operations.drain.in_service import await_everybody, await_in_service
from provisioning.operations.drain.weights import check_time
from provisioning.operations.state_folder.runtime_state import save_runtime
from provisioning.places import KEEPALIVED_CONF
from provisioning.roles.desired import desired_hosts
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxCluster]:
    """Directors that follow their configuration."""
    with sandbox_cluster(tmp_path) as made:
        for name in made.inventory.directors.hosts:
            render(made, name)
        yield made


def conf(sandbox: SandboxCluster, director: str) -> Path:
    return sandbox.hosts[director].root / "etc/keepalived/keepalived.conf"


def render(sandbox: SandboxCluster, director: str) -> None:
    found = desired_hosts(sandbox.inventory, None, Runtime())[director].resources
    text = next(getattr(f, "content", "") for f in found if f.id == f"file:{KEEPALIVED_CONF}")
    conf(sandbox, director).write_text(text)


def take_out(sandbox: SandboxCluster, director: str) -> None:
    """Its check of rs1 has not passed yet."""
    path = conf(sandbox, director)
    path.write_text(re.sub(r"real_server 127\.0\.0\.1 (?s:.*?)\n    }\n", "", path.read_text()))


def wait(sandbox: SandboxCluster, events: list[Event]) -> list[str]:
    fleet = sandbox.fleet()
    fleet.connect(sandbox.hosts)
    return await_everybody(operation(sandbox.cluster, fleet, progress=events.append), sandbox.hosts)


def test_it_waits_until_the_last_director_has_all(sandbox: SandboxCluster) -> None:
    take_out(sandbox, "lvs2")
    events: list[Event] = []

    class Watching(list[Event]):
        def append(self, event: Event) -> None:
            events.append(event)
            if len(events) == 3:
                render(sandbox, "lvs2")

    assert wait(sandbox, Watching()) == []
    assert len(events) == 3
    assert {(event.kind, event.host) for event in events} == {("waiting", "rs1")}
    assert "on lvs2: not in the table instead of 1" in events[0].detail


def test_a_check_that_goes_on_failing_is_told(
    sandbox: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_service, "check_time", lambda inventory: 0.0)
    monkeypatch.setattr(in_service, "TABLE_PATIENCE", 0.0)
    take_out(sandbox, "lvs1")
    (said,) = wait(sandbox, [])
    assert said.startswith("rs1: 127.0.0.100:") and "lvs1: not in the table" in said


def test_a_node_that_starts_has_the_time_of_a_start(
    sandbox: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as after its host's own start: the checks' time begins when it is ready."""
    monkeypatch.setattr(in_service, "check_time", lambda inventory: 0.0)
    monkeypatch.setattr(in_service, "TABLE_PATIENCE", 0.0)
    take_out(sandbox, "lvs1")
    looks: list[str] = []
    usual = SandboxCluster.said

    def said(self: SandboxCluster, name: str) -> dict[str, object]:
        looks.append(name)
        if len(looks) == 3:
            render(sandbox, "lvs1")
        return {**usual(self, name), "reason": "worker 0 starts"}

    monkeypatch.setattr(SandboxCluster, "said", said)
    events: list[Event] = []
    assert wait(sandbox, events) == []
    assert "worker 0 starts" in [event.detail for event in events]


def test_nobody_waits_for_drained_ones_or_for_directors_without_a_table(
    sandbox: SandboxCluster,
) -> None:
    take_out(sandbox, "lvs1")
    save_runtime(sandbox.cluster.state_dir, Runtime({"rs1": Drain("anna", "now")}))
    assert wait(sandbox, []) == []
    fleet = sandbox.fleet()
    fleet.connect(sandbox.hosts)
    program = sandbox.hosts["lvs1"].root / "bin/ipvsadm"
    program.write_text("#!/bin/sh\nexit 1\n")
    save_runtime(sandbox.cluster.state_dir, Runtime())
    assert await_in_service(operation(sandbox.cluster, fleet), ["rs1"], ["lvs1", "lvs2"]) == []
    assert "lvs1" in fleet.transports, "it is still there for the rest of the run"


def test_the_checks_time_is_what_keepalived_takes(sandbox: SandboxCluster) -> None:
    # interval 2, timeout 2, two more tries of 1 + 2 each.
    assert check_time(sandbox.inventory) == 10
