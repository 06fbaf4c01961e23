"""From Debians with nothing on them to a cluster that speaks, and back after every reboot.

The tests stand in the order in which these things happen, on one lab of two releases of Debian that
is deployed to once: rs2 and lvs2 have Debian 13.
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
    MINUTES,
    REAL_SERVERS,
    Asking,
    Speech,
    arp_answers,
    arp_is_silent_first,
    as_before,
    cut_power,
    faults,
    look,
    macs,
    no_change,
    power_on,
    spooled,
    sync_roles,
)
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

_PACKAGES = "ls /var/cache/apt/archives/*.deb | wc -l; cat /var/cache/apt/archives/*.deb | wc -c"


def weighted(content: dict[str, Any]) -> None:
    content["services"] = [{"name": "web", "port": 7860, "scheduler": "wrr", "persistence": None}]
    content["real_servers"]["hosts"]["rs1"]["weight"] = 3
    # So that a switch-over is remembered: without, the fittest one takes over and keeps it.
    content["vrrp"]["preempt"] = True


@pytest.fixture(scope="module")
def servers(bare_servers: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(bare_servers, tmp_path_factory.mktemp("servers"))
    made.write(weighted)
    yield made
    for name in HOSTS:
        end = bare_servers.folder.console(name).read_text(errors="replace")[-1500:]
        print(f"--- {name}\n{end}")


def wants(cluster: Cluster, **weights: int) -> None:
    """Wait until both directors' tables hold these weights."""
    nodes = cluster.lab.topology
    wanted = {str(nodes.node(name).address): weight for name, weight in weights.items()}
    for director in DIRECTORS:
        wait_for(
            f"{director} has {weights}", lambda d=director: cluster.weights(d) == wanted, MINUTES
        )


def test_one_deploy_makes_them_a_cluster_that_speaks(servers: Cluster) -> None:
    began = time.monotonic()
    done = servers.run("deploy", "--yes", "--no-verify", timeout=3500)
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
    for name in HOSTS:
        failed = "systemctl is-system-running --wait; systemctl --failed --no-legend --plain"
        assert servers.on(name, f"{failed} || :").strip() == "running"


def test_each_real_server_reboots_and_nobody_is_refused_meanwhile(servers: Cluster) -> None:
    for name, other in (REAL_SERVERS, REAL_SERVERS[::-1]):
        before = look(servers, name)
        with Asking(servers) as asking:
            lifecycle.reboot(servers.lab, name)
            wants(servers, rs1=3, rs2=1)
        as_before(servers, {name: before})
        # Those under way on it when it stopped are its own to finish; all others are answered.
        print(f"MEASURED reboot of {name}: {asking}")
        assert asking.answered_by(other) and asking.longest < 15


def test_backup_director_reboots_and_nobody_notices(servers: Cluster) -> None:
    [backup] = set(DIRECTORS) - {servers.master()}
    before = look(servers, backup)
    with Asking(servers) as asking:
        lifecycle.reboot(servers.lab, backup)
        as_before(servers, {backup: before})
        wait_for("both are in step", lambda: sync_roles(servers) == ["backup", "master"], MINUTES)
    print(f"MEASURED reboot of the backup {backup}: {asking}")
    assert not asking.failed and servers.master() != backup


def test_master_director_reboots_and_the_other_takes_over(servers: Cluster) -> None:
    master = servers.master()
    before = look(servers, master)
    with Asking(servers) as asking:
        lifecycle.reboot(servers.lab, master)
        as_before(servers, {master: before})
        # It has the higher priority, and preempts once it is back.
        wait_for(f"{master} is master", lambda: servers.master() == master, MINUTES)
        wait_for("both are in step", lambda: sync_roles(servers) == ["backup", "master"], MINUTES)
    print(f"MEASURED reboot of the master {master}: {asking}")
    assert asking.longest < 15


def test_storage_loses_power_and_nodes_speak_meanwhile(servers: Cluster) -> None:
    before = look(servers, "nas1")
    cut_power(servers, "nas1")
    kept = Speech(servers, save=True)
    kept.seconds()
    assert sum(spooled(servers).values()) == 1
    power_on(servers, "nas1")
    as_before(servers, {"nas1": before})
    wait_for("the spool is empty", lambda: not any(spooled(servers).values()), MINUTES)
    servers.on("nas1", f"test -s /srv/cosyvoice/outputs/{kept.output}")
    assert no_change(servers)


def test_both_directors_lose_power(servers: Cluster) -> None:
    before = {name: look(servers, name) for name in DIRECTORS}
    cut_power(servers, *DIRECTORS)
    speech = Speech(servers)
    power_on(servers, *DIRECTORS)
    print(f"MEASURED power cut of both directors: spoke after {speech.seconds():.0f} s")
    as_before(servers, before)
    wants(servers, rs1=3, rs2=1)
    wait_for("both are in step", lambda: sync_roles(servers) == ["backup", "master"], MINUTES)


def test_after_a_power_cut_all_is_as_before_without_a_deploy(
    servers: Cluster, tmp_path: Path
) -> None:
    """Drained, switched over and weighted; and storage comes a minute after the others."""
    master = servers.master()
    [preferred] = set(DIRECTORS) - {master}
    assert servers.run("switchover", "--to", preferred).returncode == 0
    assert servers.run("drain", "rs2").returncode == 0
    wants(servers, rs1=3, rs2=0)
    before = {name: look(servers, name) for name in HOSTS}
    known = faults(servers)
    cut_power(servers)
    with arp_answers(servers, tmp_path / "arping") as answers:
        speech = Speech(servers, save=True)
        power_on(servers, *DIRECTORS, *REAL_SERVERS)
        seconds = speech.seconds()
        waiting = spooled(servers)["rs1"]
        absent = faults(servers)
        power_on(servers, "nas1")
        wants(servers, rs1=3, rs2=0)
    print(f"MEASURED power cut of everything: spoke {seconds:.0f} s after the power came back,"
          " before storage had any")  # fmt: skip
    assert waiting == 1
    assert any("nothing is mounted on /srv/cosyvoice/outputs" in fault for fault in absent)
    as_before(servers, before)
    # No real server has said, not even while it booted, that the address is its own.
    assert answers and not answers & macs(servers, REAL_SERVERS)
    assert answers <= macs(servers, DIRECTORS)
    for name in REAL_SERVERS:
        arp_is_silent_first(servers, name)
    wait_for("both are in step", lambda: sync_roles(servers) == ["backup", "master"], MINUTES)
    wait_for(f"{preferred} is master", lambda: servers.master() == preferred, MINUTES)
    wait_for("the spool is empty", lambda: not any(spooled(servers).values()), MINUTES)
    servers.on("nas1", f"test -s /srv/cosyvoice/outputs/{speech.output}")
    assert no_change(servers)
    wait_for("no fault is new", lambda: faults(servers) == known, MINUTES)
    assert servers.run("undrain", "rs2").returncode == 0
    wants(servers, rs1=3, rs2=1)
    assert servers.run("verify").returncode == 0
