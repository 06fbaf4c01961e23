"""Stopping, starting and restarting the app on real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.operations.app_service import restart_apps, start_apps, stop_apps
from provisioning.operations.errors import OperationError
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster, sandbox_cluster


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SandboxCluster]:
    with sandbox_cluster(tmp_path) as made:
        made.deploy()
        yield made


def calls(site: SandboxCluster, name: str) -> list[str]:
    """The calls of a host's service manager that concern the app, in order."""
    log = site.hosts[name].root / "systemctl"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if "cosyvoice" in line]


def test_stopped_started_and_restarted_with_the_other_in_service(site: SandboxCluster) -> None:
    fleet = site.fleet()
    op = operation(site.cluster, fleet)
    stop_apps(op, ["rs1"], timeout=20, force=False)
    assert any(call.startswith("stop") for call in calls(site, "rs1"))
    assert site.cluster.runtime.drains["rs1"].stopped
    start_apps(op, ["rs1"], force=False)
    assert any(call.startswith("start") for call in calls(site, "rs1"))
    assert not site.cluster.runtime.drains
    restart_apps(op, ["rs2"], batch=1, timeout=20, force=False)
    assert [call.split()[0] for call in calls(site, "rs2")][-2:] == ["stop", "start"]
    assert not site.cluster.runtime.drains
    assert calls(site, "rs1")[-1].startswith("start")
    fleet.close()


def test_an_app_that_does_not_stop_is_told(site: SandboxCluster) -> None:
    program = site.hosts["rs1"].root / "bin/systemctl"
    program.write_text(
        program.read_text() + 'case $1 in stop) echo "no such unit" >&2; exit 5 ;; esac\n'
    )
    fleet = site.fleet()
    with pytest.raises(OperationError, match="rs1: the app did not stop: no such unit"):
        stop_apps(operation(site.cluster, fleet), ["rs1"], timeout=20, force=False)
    fleet.close()
