"""Questions that hosts ask each other over a LAN, on one in network namespaces that is sound, and
then is not."""

import os
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from provisioning.facts.fact import Fact
from provisioning.facts.lan.announcements import ENOUGH, Heard, announcements
from provisioning.facts.machine.path_sizes import PathSizes, path_sizes
from provisioning.resources.base import Observation
from tests.operations.doctor.namespaces import INVENTORY, Lab, inside, lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
_ADDRESSES = {name: ip_address(f"10.99.0.{n}") for name, n in (("lvs1", 11), ("lvs2", 12))}


@pytest.fixture
def made() -> Iterator[Lab]:
    with lab() as hosts:
        yield hosts


def heard(made: Lab) -> dict[str, Heard]:
    """What each director hears of the other one."""
    running = {}
    for name in _ADDRESSES:
        fact = announcements(INVENTORY, name)
        assert fact is not None
        pipe, command = subprocess.PIPE, inside(made.namespace(name))
        running[name] = fact, subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        stdin = running[name][1].stdin
        assert stdin is not None
        # This machine may be slow to run both.
        stdin.write(fact.fragment.replace('"seconds": 4.0', '"seconds": 120.0').encode())
        stdin.close()
    found = {}
    for name, (fact, process) in running.items():
        assert process.stdout is not None and process.stderr is not None
        said = Observation(process.stdout.read().decode(), process.stderr.read().decode(), 0)
        assert process.wait() == 0, said.stderr
        (found[name],) = fact.parse(said).values()
    return found


def on_the_switch(made: Lab, *rules: str) -> None:
    """What a switch does not pass on."""
    chain = "add chain bridge x y { type filter hook forward priority 0; }"
    text = "\n".join(["add table bridge x", chain, *(f"add rule bridge x y {r}" for r in rules)])
    command = ["ip", "netns", "exec", made.namespace("switch"), "nft", "-f", "-"]
    subprocess.run(command, input=text.encode(), check=True)


def test_what_goes_to_all_comes_where_does_come_what_goes_to_one(made: Lab) -> None:
    # Filters of the hosts themselves are another matter.
    made.sh(
        "lvs2",
        "nft add table inet x\nnft add chain inet x y"
        " '{ type filter hook input priority 0; policy drop; }'",
    )
    for said in heard(made).values():
        assert min(said.datagrams, said.multicast, said.arps) >= ENOUGH


def test_a_switch_that_passes_no_multicast_and_no_gratuitous_arp_on(made: Lab) -> None:
    on_the_switch(
        made,
        "ip daddr 224.0.0.0/4 drop",
        "ether daddr ff:ff:ff:ff:ff:ff arp saddr ip 10.99.0.11 arp daddr ip 10.99.0.11 drop",
    )
    found = heard(made)
    assert found["lvs1"].datagrams >= ENOUGH and found["lvs2"].datagrams >= ENOUGH
    assert found["lvs1"].multicast == found["lvs2"].multicast == 0
    assert found["lvs2"].arps == 0
    assert found["lvs1"].arps >= ENOUGH


def asked(made: Lab, fact: Fact[PathSizes]) -> PathSizes:
    command = inside(made.namespace("lvs1"))
    sent = fact.fragment.encode()
    done = subprocess.run(command, input=sent, capture_output=True, check=True)
    return fact.parse(Observation(done.stdout.decode(), "", 0))


def test_large_packets_are_sent_there_and_back(made: Lab) -> None:
    ip = ["ip", "-n", made.namespace("switch"), "link", "set"]
    for name in ("lvs1", "rs1", "rs2"):
        made.sh(
            name,
            "ip link set eth0 mtu 9000\nip address add fd00::$(cat /sys/class/net/eth0/"
            "address | cut -c16-17)/64 dev eth0 nodad",
        )
    for port in ("v11", "v21"):
        subprocess.run([*ip, port, "mtu", "9000"], check=True)
    addresses = [
        ip_address(one)
        for one in ("10.99.0.21", "10.99.0.22", "10.99.0.99", "fd00::15", "fd00::16", "fd00::99")
    ]
    found = asked(made, path_sizes("eth0", addresses))
    assert found.mtu == 9000
    assert list(found.words.values()) == ["all", "small", "silent"] * 2
