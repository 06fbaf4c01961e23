"""Bare machines: each a Debian of its own, with a disk that outlives reboots and power cuts."""

import pytest

from provisioning.lab import lifecycle, state
from provisioning.lab.errors import LabError
from provisioning.lab.running import Lab
from tests.lab.test_machines import said

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

BARE = ("lvs1", "rs1", "rs2")


def is_running(lab: Lab, node: str) -> str:
    """The state of the whole system once it has booted, with the units that have failed."""
    script = "systemctl is-system-running --wait; systemctl --failed --no-legend --plain"
    return lab.exec(node, ["sh", "-c", script]).stdout.strip()


def boot_id(lab: Lab, node: str) -> str:
    return said(lab, node, "cat /proc/sys/kernel/random/boot_id")


def test_each_has_the_debian_that_was_asked_for_and_nothing_of_this_computer(
    debian_lab: Lab,
) -> None:
    releases = [said(debian_lab, node, ". /etc/os-release; echo $VERSION_ID") for node in BARE]
    assert releases == ["12", "12", "13"]
    for node in BARE:
        assert said(debian_lab, node, "id -un; sudo -n id -un; hostname") == f"ops\nroot\n{node}"
        assert said(debian_lab, node, "ps -o comm= -p 1 2>/dev/null || cat /proc/1/comm") == (
            "systemd"
        )
        lacks = said(debian_lab, node, "for n in python3 keepalived curl; do which $n || :; done")
        assert lacks == ""
    assert len({said(debian_lab, node, "cat /etc/machine-id") for node in BARE}) == len(BARE)


@pytest.mark.parametrize("node", BARE)
def test_nothing_has_failed_after_the_boot(debian_lab: Lab, node: str) -> None:
    assert is_running(debian_lab, node) == "running"
    assert "no entries" not in said(debian_lab, node, "sudo journalctl -qb -u ssh | tail -n 3")


@pytest.mark.parametrize("node", ["lvs1", "rs2"])
def test_reboot_ends_what_runs_and_keeps_the_disk(debian_lab: Lab, node: str) -> None:
    before = boot_id(debian_lab, node)
    said(debian_lab, node, "echo kept >~/kept; echo gone >/run/user/$(id -u)/gone")
    lifecycle.reboot(debian_lab, node)
    assert boot_id(debian_lab, node) != before
    ended = "test -e /run/user/$(id -u)/gone || echo ended"
    assert said(debian_lab, node, f"cat ~/kept; {ended}") == "kept\nended"
    assert is_running(debian_lab, node) == "running"
    ends = said(debian_lab, node, "sudo journalctl -qb -1 | grep -ci 'reach.*reboot' || :")
    assert ends != "0", "the boot before did not end in order"


def test_power_cut_keeps_what_was_flushed_and_loses_what_was_not(debian_lab: Lab) -> None:
    said(debian_lab, "rs1", "echo kept >~/synced; sync ~/synced; echo gone >~/unsynced")
    before = boot_id(debian_lab, "rs1")
    lifecycle.kill(debian_lab, "rs1")
    assert lifecycle.start(debian_lab, ["rs1"]) == ["rs1"]
    assert boot_id(debian_lab, "rs1") != before
    assert said(debian_lab, "rs1", "cat ~/synced") == "kept"
    assert "gone" not in said(debian_lab, "rs1", "cat ~/unsynced || :")
    assert is_running(debian_lab, "rs1") == "running"


@pytest.mark.parametrize("node", ["rs1", "rs2"])
def test_apt_installs_packages_though_there_is_no_way_to_the_internet(
    debian_lab: Lab, node: str
) -> None:
    install = "apt-get -qq update && apt-get -qq install --no-install-recommends ipvsadm"
    said(debian_lab, node, f"export DEBIAN_FRONTEND=noninteractive; sudo sh -c '{install}' 2>&1")
    assert "IP Virtual Server" in said(debian_lab, node, "sudo modprobe ip_vs; sudo ipvsadm -Ln")


def test_machine_that_is_not_bare_cannot_reboot(debian_lab: Lab) -> None:
    with pytest.raises(LabError, match="client1 has no disk to boot from again"):
        lifecycle.reboot(debian_lab, "client1")


def test_down_removes_the_disks_too(debian_lab: Lab) -> None:
    disks = state.DISKS / debian_lab.name
    assert sorted(disk.name for disk in disks.iterdir()) == sorted(BARE)
    lifecycle.down(debian_lab.name)
    assert not disks.exists() and lifecycle.leftovers(debian_lab.name) == []
