"""A drain from its command to the directors' tables and the node's mark, and back again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.operations.drain import steps as drain
from provisioning.operations.drain.steps import bring_back, settle, take_out, wait_until_idle
from provisioning.operations.run import journaled_run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.tables import look_at_tables
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SandboxCluster]:
    """Deployed as far as a drain is concerned."""
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        yield made


def weights(cluster: SandboxCluster, director: str) -> dict[str, int]:
    fleet = cluster.fleet()
    fleet.connect([director])
    (service,) = look_at_tables([director], fleet)[director]
    return {str(server.address): server.weight for server in service.servers}


def out(cluster: SandboxCluster, name: str, *, force: bool = False) -> None:
    with journaled_run(cluster.site, ["test"]) as run:
        op = operation(cluster.site, cluster.fleet(), run)
        take_out(op, name, reason="升级", force=force)


def back(cluster: SandboxCluster, name: str) -> None:
    with journaled_run(cluster.site, ["test"]) as run:
        bring_back(operation(cluster.site, cluster.fleet(), run), name)


def test_there_and_back(cluster: SandboxCluster) -> None:
    out(cluster, "rs1")
    for director in ("lvs1", "lvs2"):
        assert weights(cluster, director) == {"127.0.0.1": 0, "127.0.0.2": 1}
    assert "升级" in cluster.mark("rs1").read_text(encoding="utf-8")
    assert cluster.site.runtime.drains["rs1"].reason == "升级"
    with journaled_run(cluster.site, ["test"]) as run:
        op = operation(cluster.site, cluster.fleet(), run)
        assert wait_until_idle(op, "rs1", timeout=120) is None
        settle(op, "rs1")
    assert cluster.site.runtime.drains["rs1"].settled
    back(cluster, "rs1")
    for director in ("lvs1", "lvs2"):
        assert weights(cluster, director) == {"127.0.0.1": 1, "127.0.0.2": 1}
    assert not cluster.mark("rs1").exists()
    assert cluster.site.runtime.drains == {}


def test_again_changes_nothing_more(cluster: SandboxCluster) -> None:
    reloads = cluster.reloads("lvs1")
    out(cluster, "rs1")
    before = cluster.reloads("lvs1"), cluster.site.runtime
    assert before[0] == reloads + 1
    out(cluster, "rs1")
    assert (cluster.reloads("lvs1"), cluster.site.runtime) == before


def test_one_that_was_cut_before_the_second_director_is_finished(cluster: SandboxCluster) -> None:
    conf = cluster.hosts["lvs1"].root / "etc/keepalived/keepalived.conf"
    untouched = conf.read_text()
    out(cluster, "rs1")
    conf.write_text(untouched)
    out(cluster, "rs1")
    assert weights(cluster, "lvs1") == {"127.0.0.1": 0, "127.0.0.2": 1}
    drained = conf.read_text()
    back(cluster, "rs1")
    conf.write_text(drained)
    back(cluster, "rs1")
    assert weights(cluster, "lvs1") == {"127.0.0.1": 1, "127.0.0.2": 1}


def test_the_last_one_is_refused_and_nothing_is_changed(cluster: SandboxCluster) -> None:
    out(cluster, "rs1")
    with pytest.raises(OperationError, match="rs2 is needed: no other real server"):
        out(cluster, "rs2")
    assert cluster.site.runtime.drains.keys() == {"rs1"}
    assert not cluster.mark("rs2").exists()


def test_work_that_is_left_is_told(cluster: SandboxCluster) -> None:
    out(cluster, "rs1")
    cluster.jobs = 2
    (cluster.hosts["lvs1"].root / "active").write_text("3")
    left = wait_until_idle(operation(cluster.site, cluster.fleet()), "rs1", timeout=0)
    assert str(left) == "2 jobs running, 3 open connections"
    # What the backup was told of does not count.
    (cluster.hosts["lvs1"].root / "active").write_text("0")
    (cluster.hosts["lvs2"].root / "active").write_text("9")
    left = wait_until_idle(operation(cluster.site, cluster.fleet()), "rs1", timeout=0)
    assert str(left) == "2 jobs running"


def test_a_director_that_is_away_stops_it_unless_forced(cluster: SandboxCluster) -> None:
    cluster.gone = {"lvs2"}
    with pytest.raises(OperationError, match="it would not know"):
        out(cluster, "rs1")
    assert cluster.site.runtime.drains == {}
    out(cluster, "rs1", force=True)
    assert weights(cluster, "lvs1") == {"127.0.0.1": 0, "127.0.0.2": 1}
    cluster.gone = {"lvs1", "lvs2"}
    with pytest.raises(OperationError, match="no director can be reached"):
        out(cluster, "rs2", force=True)


def test_edits_nobody_deployed_do_not_slip_in(cluster: SandboxCluster) -> None:
    conf = cluster.hosts["lvs2"].root / "etc/keepalived/keepalived.conf"
    conf.write_text(conf.read_text().replace("delay_loop 2", "delay_loop 7"))
    with pytest.raises(OperationError, match="lvs2: file:/etc/keepalived/keepalived"):
        out(cluster, "rs1")
    assert cluster.site.runtime.drains == {}
    assert "delay_loop 7" in conf.read_text()


def test_one_that_is_not_ready_stays_drained(
    cluster: SandboxCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    out(cluster, "rs1")
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
        back(cluster, "rs1")
    assert cluster.site.runtime.drains.keys() == {"rs1"}
    assert cluster.mark("rs1").exists()
    assert weights(cluster, "lvs1")["127.0.0.1"] == 0
