"""From Debians with nothing on them to a cluster that speaks, and back after a power cut.

The tests stand in the order in which these things happen, on one lab of two releases of Debian.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from tests.lab.bare_cluster import (
    DIRECTORS,
    HOSTS,
    REAL_SERVERS,
    Speech,
    arp_answers,
    cut_power,
    faults,
    look,
    macs,
    no_change,
    sync_roles,
)
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

_PACKAGES = "ls /var/cache/apt/archives/*.deb | wc -l; cat /var/cache/apt/archives/*.deb | wc -c"
_BOOT = 600.0
"""Seconds for what takes ten on servers and a minute on a quiet computer."""


def weighted(content: dict[str, Any]) -> None:
    content["services"] = [{"name": "web", "port": 7860, "scheduler": "wrr", "persistence": None}]
    content["real_servers"]["hosts"]["rs1"]["weight"] = 3


@pytest.fixture(scope="module")
def servers(bare_servers: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(bare_servers, tmp_path_factory.mktemp("servers"))
    made.write(weighted)
    yield made
    for name in HOSTS:
        print(
            f"--- {name}\n{bare_servers.folder.console(name).read_text(errors='replace')[-1500:]}"
        )


def address(cluster: Cluster, name: str) -> str:
    return str(cluster.lab.topology.node(name).address)


def wants(cluster: Cluster, **weights: int) -> None:
    """Wait until both directors' tables hold these weights."""
    wanted = {address(cluster, name): weight for name, weight in weights.items()}
    for director in DIRECTORS:
        wait_for(f"{director} has {weights}", lambda d=director: cluster.weights(d) == wanted, 300)


def test_one_deploy_makes_them_a_cluster_that_speaks(servers: Cluster) -> None:
    began = time.monotonic()
    done = servers.run("deploy", "--yes", "--no-verify", timeout=3000)
    assert done.returncode == 0
    deployed = time.monotonic() - began
    Speech(servers).seconds()
    spoken = time.monotonic() - began
    counts = [servers.on(name, _PACKAGES).split() for name in HOSTS]
    packages, size = (sum(int(each[place]) for each in counts) for place in (0, 1))
    wheels = list((servers.folder / ".cluster").rglob("*.whl"))
    wheel_bytes = sum(wheel.stat().st_size for wheel in wheels)
    print(f"MEASURED bare machines: deployed after {deployed / 60:.1f} min, spoke after"
          f" {spoken / 60:.1f} min; on {len(HOSTS)} hosts {packages} packages,"
          f" {size / 1e6:.0f} MB; {len(wheels)} wheels, {wheel_bytes / 1e6:.0f} MB")  # fmt: skip


def test_a_second_deploy_changes_nothing_and_all_is_proved(servers: Cluster) -> None:
    done = servers.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0
    assert "Nothing to change." in done.stdout
    assert servers.run("verify").returncode == 0


def test_after_a_power_cut_all_is_as_before_without_a_deploy(
    servers: Cluster, tmp_path: Path
) -> None:
    assert servers.run("drain", "rs2").returncode == 0
    wants(servers, rs1=3, rs2=0)
    before = {name: look(servers, name) for name in HOSTS}
    known = faults(servers)
    cut_power(servers)
    with arp_answers(servers, tmp_path / "arping") as answers:
        speech = Speech(servers)
        lifecycle.start(servers.lab)
        seconds = speech.seconds()
        wants(servers, rs1=3, rs2=0)
    print(f"MEASURED power cut of everything: spoke {seconds:.0f} s after the power came back")
    for name in HOSTS:
        wait_for(f"{name} is as before", lambda n=name: look(servers, n) == before[n], _BOOT)
    # No real server has said, not even while it booted, that the address is its own.
    assert answers and not answers & macs(servers, REAL_SERVERS)
    assert answers <= macs(servers, DIRECTORS)
    wait_for("both sides are in step", lambda: sync_roles(servers) == ["backup", "master"], 60)
    servers.master()
    assert no_change(servers)
    wait_for("no fault is new", lambda: faults(servers) == known, 60)
    assert servers.run("undrain", "rs2").returncode == 0
    wants(servers, rs1=3, rs2=1)
