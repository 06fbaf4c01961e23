"""The program that keeps the VIPs on lo, in a network of its own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.roles.confined import confined, filtered
from tests.roles.rendered import files

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes networks")

VIPS = ("10.1.0.100/32", "fd00:1::100/128")
_UNIT = "two-services-ipv6/rs1/etc/systemd/system/lvs-real-server.service"
# The interface of the inventory, and lo, as a host has them at boot.
_AS_AT_BOOT = "ip link set lo up; ip link add eth0 type veth peer name eth1; ip link set eth0 up"


class Network:
    """A host's network, with the program in it."""

    def __init__(self, script: Path) -> None:
        self.script = script
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", f"{_AS_AT_BOOT}; echo; exec sleep 600"],
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        self.program: subprocess.Popen[str] | None = None

    def inside(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *words]

    def run(self, command: str) -> str:
        return subprocess.run(
            self.inside("sh", "-c", command), check=True, capture_output=True, text=True
        ).stdout

    def keep(self, *under: str) -> None:
        self.program = subprocess.Popen(
            self.inside(*confined(_UNIT), *under, "sh", str(self.script), "keep"),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_for(lambda: self.bound() == list(VIPS) and self.listens())

    def listens(self) -> bool:
        """Tell if a program in the network has asked the kernel for news (rtnetlink groups)."""
        sockets = self.run("cat /proc/net/netlink").splitlines()[1:]
        return any(
            family == "0" and int(groups, 16)
            for _, family, _, groups, *_ in map(str.split, sockets)
        )

    def bound(self) -> list[str]:
        shown = self.run("ip -o address show dev lo")
        return [vip for vip in VIPS if f" {vip} " in shown]

    def arp(self, name: str, at: str = "all") -> str:
        return self.run(f"cat /proc/sys/net/ipv4/conf/{at}/{name}").strip()

    def leaves_nothing(self) -> None:
        """Wait until all that the program started has ended; its last sleep takes its time."""
        assert self.program is not None
        session = ["ps", "--no-headers", "-o", "args", "-s", str(self.program.pid)]
        wait_for(lambda: subprocess.run(session, stdout=-3, check=False).returncode == 1)

    def close(self) -> None:
        if self.program and self.program.poll() is None:
            os.killpg(self.program.pid, signal.SIGKILL)
            self.program.wait()
        self._holder.kill()
        self._holder.wait()


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    monkeypatch.setenv("GOLDEN_AUTH_PASS", "LVS123")
    script = tmp_path / "lvs-real-server"
    script.write_text(files("two-services-ipv6")["rs1/usr/local/sbin/lvs-real-server"].content)
    network = Network(script)
    try:
        yield network
    finally:
        network.close()


def test_addresses_that_are_taken_away_come_back_at_once(network: Network) -> None:
    # Told by the kernel: without a look that comes by itself.
    script = network.script.read_text()
    assert "while sleep 5 " in script
    network.script.write_text(script.replace("while sleep 5 ", "while sleep 600 "))
    network.keep()
    for vip in VIPS:
        network.run(f"ip address del {vip} dev lo")
        wait_for(lambda: network.bound() == list(VIPS))
    network.run("ip address flush dev lo scope global")
    wait_for(lambda: network.bound() == list(VIPS))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_leaves_it_the_system_calls_to_be_told_by_the_kernel(network: Network) -> None:
    network.keep(*filtered(_UNIT))


def test_they_come_back_with_an_interface_that_was_down(network: Network) -> None:
    network.keep()
    network.run("ip link set lo down")
    network.run("ip link set lo up")
    # The kernel has dropped the IPv6 one.
    wait_for(lambda: network.bound() == list(VIPS))


def test_arp_settings_are_put_right(network: Network) -> None:
    network.keep()
    network.run("echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore")
    network.run("echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_announce")
    wait_for(lambda: network.arp("arp_ignore") == "1")
    wait_for(lambda: network.arp("arp_announce", "eth0") == "2")
    # Gone and made anew, the interface has the kernel's defaults.
    network.run("ip link del eth0; ip link add eth0 type veth peer name eth1")
    wait_for(lambda: network.arp("arp_ignore", "eth0") == "1")
    assert network.bound() == list(VIPS)


def test_no_moment_with_the_address_and_arp_for_it(network: Network) -> None:
    network.keep()
    for _ in range(10):
        network.run(
            "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore; ip address del 10.1.0.100/32 dev lo"
        )
        wait_for(lambda: VIPS[0] in network.bound())
        # Asked for after the address: what came first is there by now.
        assert network.arp("arp_ignore") == "1"


def instead(folder: Path, name: str, script: str) -> list[str]:
    """Runs what follows with a program of this name that does something else first."""
    real = shutil.which(name)
    assert real
    (folder / "bin").mkdir()
    (folder / "bin" / name).write_text(f'#!/bin/sh\n{script}\nexec {real} "$@"\n')
    (folder / "bin" / name).chmod(0o755)
    return ["env", f"PATH={folder}/bin:{os.environ['PATH']}"]


def test_arp_that_is_answered_again_during_the_look_is_silenced(
    network: Network, tmp_path: Path
) -> None:
    meddling = "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore"
    shim = instead(tmp_path, "ip", f"case $* in *show*) {meddling} ;; esac")
    subprocess.run(network.inside(*shim, "sh", str(network.script), "start"), check=True)
    assert network.bound() == list(VIPS)
    assert network.arp("arp_ignore") == "1"


def test_where_arp_cannot_be_silenced_nothing_is_bound(network: Network, tmp_path: Path) -> None:
    read_only = "mount --bind -o ro /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys"
    script = f"{read_only}; exec sh {network.script} start"
    done = subprocess.run(
        network.inside("unshare", "--mount", "sh", "-c", script), capture_output=True, text=True
    )
    assert done.returncode == 1 and "Read-only" in done.stderr
    assert network.bound() == []


def test_it_ends_without_the_addresses_and_leaves_nothing_running(network: Network) -> None:
    network.keep()
    assert network.program is not None
    network.program.terminate()
    assert network.program.wait(60) == 0
    assert network.bound() == []
    network.leaves_nothing()
    assert network.program.stdout is not None
    assert "10.1.0.100/32 bound to lo" in network.program.stdout.read()


def test_ended_while_it_starts_it_leaves_no_address(network: Network, tmp_path: Path) -> None:
    shim = instead(tmp_path, "mktemp", "kill -TERM $PPID")
    done = subprocess.run(
        network.inside(*shim, "sh", str(network.script), "keep"), capture_output=True, text=True
    )
    assert "10.1.0.100/32 bound to lo" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert network.bound() == []


def test_it_goes_by_itself_when_it_is_killed(network: Network) -> None:
    network.keep()
    assert network.program is not None
    network.program.kill()
    network.program.wait()
    # Clients are served on until it is started again.
    assert network.bound() == list(VIPS)
    network.leaves_nothing()
    network.keep()
