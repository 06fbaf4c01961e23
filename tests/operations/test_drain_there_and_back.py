"""A drain from its command to the directors' tables and the node's mark, and back again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.operations.cluster_state.tables import look_at_tables
from provisioning.operations.drain import steps as drain
from provisioning.operations.drain.steps import bring_back, settle, take_out, wait_until_idle
from provisioning.operations.errors import OperationError
from provisioning.operations.run.run import journaled_run
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxCluster]:
    """Deployed as far as a drain is concerned."""
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        yield made


def weights(sandbox: SandboxCluster, director: str) -> dict[str, int]:
    fleet = sandbox.fleet()
    fleet.connect([director])
    (service,) = look_at_tables(sandbox.inventory, [director], fleet)[director]
    return {str(server.address): server.weight for server in service.servers}


def out(sandbox: SandboxCluster, name: str, *, force: bool = False) -> None:
    with journaled_run(sandbox.cluster, ["test"]) as run:
        op = operation(sandbox.cluster, sandbox.fleet(), run)
        take_out(op, name, reason="升级", force=force)


def back(sandbox: SandboxCluster, name: str) -> None:
    with journaled_run(sandbox.cluster, ["test"]) as run:
        bring_back(operation(sandbox.cluster, sandbox.fleet(), run), name)


def test_there_and_back(sandbox: SandboxCluster) -> None:
    out(sandbox, "rs1")
    for director in ("lvs1", "lvs2"):
        assert weights(sandbox, director) == {"127.0.0.1": 0, "127.0.0.2": 1}
    assert "升级" in sandbox.mark("rs1").read_text(encoding="utf-8")
    assert sandbox.cluster.runtime.drains["rs1"].reason == "升级"
    with journaled_run(sandbox.cluster, ["test"]) as run:
        op = operation(sandbox.cluster, sandbox.fleet(), run)
        assert wait_until_idle(op, "rs1", timeout=120) is None
        settle(op, "rs1")
    assert sandbox.cluster.runtime.drains["rs1"].settled
    back(sandbox, "rs1")
    for director in ("lvs1", "lvs2"):
        assert weights(sandbox, director) == {"127.0.0.1": 1, "127.0.0.2": 1}
    assert not sandbox.mark("rs1").exists()
    assert sandbox.cluster.runtime.drains == {}


def test_again_changes_nothing_more(sandbox: SandboxCluster) -> None:
    reloads = sandbox.reloads("lvs1")
    out(sandbox, "rs1")
    before = sandbox.reloads("lvs1"), sandbox.cluster.runtime
    assert before[0] == reloads + 1
    out(sandbox, "rs1")
    assert (sandbox.reloads("lvs1"), sandbox.cluster.runtime) == before


def test_one_that_was_cut_before_the_second_director_is_finished(sandbox: SandboxCluster) -> None:
    conf = sandbox.hosts["lvs1"].root / "etc/keepalived/keepalived.conf"
    untouched = conf.read_text()
    out(sandbox, "rs1")
    conf.write_text(untouched)
    out(sandbox, "rs1")
    assert weights(sandbox, "lvs1") == {"127.0.0.1": 0, "127.0.0.2": 1}
    drained = conf.read_text()
    back(sandbox, "rs1")
    conf.write_text(drained)
    back(sandbox, "rs1")
    assert weights(sandbox, "lvs1") == {"127.0.0.1": 1, "127.0.0.2": 1}


def test_the_last_one_is_refused_and_nothing_is_changed(sandbox: SandboxCluster) -> None:
    out(sandbox, "rs1")
    with pytest.raises(OperationError, match="rs2 is needed: no other real server"):
        out(sandbox, "rs2")
    assert sandbox.cluster.runtime.drains.keys() == {"rs1"}
    assert not sandbox.mark("rs2").exists()


def test_work_that_is_left_is_told(sandbox: SandboxCluster) -> None:
    out(sandbox, "rs1")
    sandbox.jobs = 2
    (sandbox.hosts["lvs1"].root / "active").write_text("3")
    left = wait_until_idle(operation(sandbox.cluster, sandbox.fleet()), "rs1", timeout=0)
    assert str(left) == "2 jobs running, 3 open connections"
    # What the backup was told of does not count.
    (sandbox.hosts["lvs1"].root / "active").write_text("0")
    (sandbox.hosts["lvs2"].root / "active").write_text("9")
    left = wait_until_idle(operation(sandbox.cluster, sandbox.fleet()), "rs1", timeout=0)
    assert str(left) == "2 jobs running"


def test_a_director_that_is_away_stops_it_unless_forced(sandbox: SandboxCluster) -> None:
    sandbox.gone = {"lvs2"}
    with pytest.raises(OperationError, match="it would not know"):
        out(sandbox, "rs1")
    assert sandbox.cluster.runtime.drains == {}
    out(sandbox, "rs1", force=True)
    assert weights(sandbox, "lvs1") == {"127.0.0.1": 0, "127.0.0.2": 1}
    sandbox.gone = {"lvs1", "lvs2"}
    with pytest.raises(OperationError, match="no director can be reached"):
        out(sandbox, "rs2", force=True)


def test_edits_nobody_deployed_do_not_slip_in(sandbox: SandboxCluster) -> None:
    conf = sandbox.hosts["lvs2"].root / "etc/keepalived/keepalived.conf"
    conf.write_text(conf.read_text().replace("delay_loop 2", "delay_loop 7"))
    with pytest.raises(OperationError, match="lvs2: file:/etc/keepalived/keepalived"):
        out(sandbox, "rs1")
    assert sandbox.cluster.runtime.drains == {}
    assert "delay_loop 7" in conf.read_text()


def test_one_that_is_not_ready_stays_drained(
    sandbox: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    out(sandbox, "rs1")
    monkeypatch.setattr(drain, "_START_PATIENCE", 0.0)
    monkeypatch.setattr(
        SandboxCluster,
        "said",
        lambda self, name: {
            "node": name,
            "version": "1",
            "draining": False,
            "reason": "starting",
            "jobs": {"running": 0, "waiting": 0},
        },
    )
    with pytest.raises(OperationError, match="rs1 is not ready: starting"):
        back(sandbox, "rs1")
    assert sandbox.cluster.runtime.drains.keys() == {"rs1"}
    assert sandbox.mark("rs1").exists()
    assert weights(sandbox, "lvs1")["127.0.0.1"] == 0
