"""Two operators with a folder each, as from one git repository: neither undoes the other's work."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.engine.seat import PATIENCE
from provisioning.places import STATE
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def other(cluster: Cluster, tmp_path: Path) -> Iterator[Cluster]:
    """The second operator: the inventory and what it names, and nothing else."""
    if cluster.lab.exec("lvs1", ["sudo", "ls", f"{STATE}/manifest"]).returncode:
        cluster.write()
        assert cluster.run("deploy", "--yes").returncode == 0
    shutil.copy(cluster.inventory, tmp_path / "inventory.yaml")
    # The key and what knows the hosts are named by full paths.
    yield replace(cluster, folder=tmp_path)
    cluster.run("undrain", "rs1")


_RUN = """
import sys, time
from pathlib import Path
from provisioning.model.loader.load import load_inventory
from provisioning.operations.run.run import journaled_run
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.run.working_fleet import working_fleet
path = Path(sys.argv[1])
cluster = Cluster(load_inventory(path), path)
with journaled_run(cluster, ["cluster", "long"]) as run, working_fleet(cluster, run, print):
    print("held", flush=True)
    time.sleep(900)
"""


@contextmanager
def under_way(cluster: Cluster) -> Iterator[subprocess.Popen[str]]:
    """A run of the first operator that does nothing for long."""
    run = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(cluster.inventory)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert run.stdout and any(line == "held\n" for line in run.stdout)
        yield run
    finally:
        run.kill()
        run.wait()


def state(cluster: Cluster, host: str) -> str:
    """The drain mark, the secret's fingerprint, and the app's process."""
    return cluster.on(
        host,
        "cat /etc/cosyvoice/drain; sha256sum /etc/cosyvoice/cluster-secret; "
        "supervisorctl pid cosyvoice",
    )


def test_a_copy_of_the_inventory_takes_the_drain_and_the_secret_over(
    cluster: Cluster, other: Cluster
) -> None:
    drained = cluster.run("drain", "rs1", "--reason", "new memory", "--no-wait")
    assert drained.returncode == 0
    before = [state(cluster, host) for host in ("rs1", "rs2", "rs3")]
    plan = other.run("plan")
    assert plan.returncode == 0, "nothing is to be changed"
    assert "rs1: drained since" in plan.stdout and "new memory" in plan.stdout
    assert not (other.folder / ".cluster").exists()
    done = other.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0
    assert [state(cluster, host) for host in ("rs1", "rs2", "rs3")] == before
    assert cluster.weights("lvs1") == cluster.weights("lvs2")
    assert sorted(cluster.weights("lvs1").values()) == [0, 1, 1]
    # What the second ends is ended for the first.
    assert other.run("undrain", "rs1").returncode == 0
    assert cluster.run("plan").returncode == 0
    assert sorted(cluster.weights("lvs1").values()) == [1, 1, 1]


def test_one_at_a_time_and_a_killed_one_is_in_nobodys_way(cluster: Cluster, other: Cluster) -> None:
    with under_way(cluster) as run:
        refused = other.run("deploy", "--yes", "--no-verify")
        assert refused.returncode == 1
        assert f"@{os.uname().nodename} run " in refused.stderr and "since" in refused.stderr
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert other.run("deploy", "--yes", "--no-verify").returncode == 0


def test_a_frozen_control_machine_is_given_up(cluster: Cluster, other: Cluster) -> None:
    """Its connections look open for hours."""
    with under_way(cluster) as run:
        run.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 2 * PATIENCE
        while other.run("deploy", "--yes", "--no-verify").returncode:
            assert time.monotonic() < end
            time.sleep(5)
