"""Whatever `cluster status` names as a fix is one: each fault is made on a machine, the commands in
its fix are typed as they stand, and the cluster is well again.

Where a command asks first, the answer is yes.
"""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab.topology import INTERFACE
from provisioning.operations.faults.fault import Fault
from tests.lab.cluster import CLUSTER, Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900)]

VIP = "10.77.0.100"
OUTPUTS = "/srv/cosyvoice/outputs"
ARP_IGNORE = "/proc/sys/net/ipv4/conf/*/arp_ignore"
UNKEPT = "supervisorctl stop lvs-real-server"
"""While it runs, address and ARP settings are put right before anybody can look."""


@dataclass(frozen=True)
class Case:
    """A fault, and what status must say of it."""

    name: str
    host: str
    """A machine, or ``backup``."""
    make: str
    """Shell, run there as root."""
    said: str


CASES = (
    Case("read-only", "rs2", f"mount -o remount,ro {OUTPUTS}", "is mounted read-only"),
    Case("not-mounted", "rs3", f"umount -l {OUTPUTS}", "nothing is mounted on"),
    Case("peers", "rs1", ": > /etc/cosyvoice/peers", "lacks rs1, rs2, rs3"),
    Case("secret", "rs2", "echo other > /etc/cosyvoice/cluster-secret", "different cluster sec"),
    Case("no-secret", "rs3", "rm /etc/cosyvoice/cluster-secret", "has no cluster secret"),
    Case("clock", "rs1", "date -u -s '-10 min'", "its clock is 10 min behind"),
    Case("vip-off-lo", "rs1", UNKEPT, "is not on lo"),
    Case("vip-on-lan", "rs3", f"ip address add {VIP}/32 dev vec0", f"{VIP} is on vec0"),
    Case("arp", "rs2", f"{UNKEPT}; echo 0 | tee {ARP_IGNORE}", "arp_ignore is 0"),
    Case("stopped", "rs1", "supervisorctl stop cosyvoice", "service does not run: STOPPED"),
    Case("hung", "rs2", "kill -STOP $(supervisorctl pid cosyvoice)", "not ready at"),
    Case("mark", "rs3", "echo by hand > /etc/cosyvoice/drain", "is draining"),
    Case("keepalived", "backup", "supervisorctl stop keepalived", "Keepalived does not run"),
    Case("threads", "nas1", "rpc.nfsd 0", "the NFS server does not run"),
    Case("exports", "nas1", "exportfs -ua", "is not exported"),
)


@pytest.fixture(scope="module", autouse=True)
def _deployed(cluster: Cluster) -> None:
    cluster.write()
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    await_well(cluster)


@pytest.fixture(scope="module")
def operator(cluster: Cluster) -> Path:
    """A folder with the program ``cluster``, whose questions are answered with yes."""
    folder = cluster.folder / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "cluster"
    words = " ".join(CLUSTER)
    program.write_text(
        f'#!/bin/sh\ncase $1 in deploy | restart) set -- "$@" --yes ;; esac\nexec {words} "$@"\n'
    )
    program.chmod(0o755)
    return folder


def faults(cluster: Cluster) -> list[Fault]:
    return [Fault(**one) for one in cluster.json("status")["faults"]]


def until(cluster: Cluster, true: Callable[[list[Fault]], Any], within: float) -> list[Fault]:
    """What status says once it is so."""
    end = time.monotonic() + within
    while not true(found := faults(cluster)):
        assert time.monotonic() < end, "\n".join(map(str, found)) or "all well"
    return found


def await_well(cluster: Cluster) -> None:
    until(cluster, lambda found: not found, 120)


def type_in(cluster: Cluster, operator: Path, command: str) -> int:
    """Types a command as it stands."""
    done = subprocess.run(
        ["sh", "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={
            **os.environ,
            "PATH": f"{operator}:{os.environ['PATH']}",
            "CLUSTER_INVENTORY": str(cluster.inventory),
        },
    )
    print(f"$ {command}\n{done.stdout}{done.stderr}[{done.returncode}]")
    return done.returncode


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fix_of_a_fault_mends_it(cluster: Cluster, operator: Path, case: Case) -> None:
    host = case.host
    if host == "backup":
        host = next(name for name in ("lvs1", "lvs2") if name != cluster.master())
    cluster.on(host, case.make)
    found = until(cluster, lambda found: any(case.said in str(one) for one in found), 60)
    fault = next(one for one in found if case.said in str(one))
    assert fault.commands, fault.fix
    for command in fault.commands:
        type_in(cluster, operator, command)
    await_well(cluster)


def test_who_else_claims_the_vip_is_named(cluster: Cluster) -> None:
    device = INTERFACE
    link = cluster.from_client("ip", "-o", "link", "show", device).stdout.split()
    mac = link[link.index("link/ether") + 1]
    cluster.from_client("ip", "address", "add", f"{VIP}/32", "dev", device)
    try:
        until(cluster, lambda found: any(mac in str(one) for one in found), 30)
    finally:
        cluster.from_client("ip", "address", "del", f"{VIP}/32", "dev", device)
    await_well(cluster)


SPEAK = """
import socket, struct, sys, time
# VRRPv3 (RFC 9568): VRID 51, priority 10, one address, an interval of a second.
packet = struct.pack("!BBBBHH4s", 0x31, 51, 10, 1, 100, 0, socket.inet_aton("10.77.0.222"))
link = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
end = time.monotonic() + 60
while time.monotonic() < end:
    link.sendto(packet, ("224.0.0.18", 0))
    time.sleep(0.5)
"""


def test_who_else_speaks_with_our_vrid_is_named(cluster: Cluster) -> None:
    own = str(cluster.lab.topology.node("client1").address)
    pid = cluster.from_client(
        "sh", "-c", 'python3 -c "$0" "$1" >/dev/null 2>&1 & echo $!', SPEAK, own
    ).stdout.strip()
    try:
        found = until(cluster, lambda found: any("VRRP with VRID 51" in str(f) for f in found), 40)
        assert any(f"{own} (client1) speaks VRRP" in str(one) for one in found)
    finally:
        cluster.from_client("kill", pid)
    await_well(cluster)
