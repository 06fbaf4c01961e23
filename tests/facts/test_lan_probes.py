"""Who claims an address on a LAN, asked on a real one in network namespaces."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from provisioning.facts.probe import python_probe

VIP, VIP6 = "10.88.0.100", "fd00:88::64"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Lan:
    """A client and two machines that both have the VIPs, one of them able to keep silent."""

    client: str
    macs: dict[str, str]


@pytest.fixture
def lan() -> Iterator[Lan]:
    prefix = f"cvp{os.getpid()}"
    names = [f"{prefix}-{role}" for role in ("switch", "client", "a", "b")]
    switch, client = names[:2]
    macs = {}
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", switch, "link", "add", "br0", "type", "bridge")
        ip("-n", switch, "link", "set", "br0", "up")
        for number, name in enumerate(names[1:], start=1):
            peer = ["type", "veth", "peer", "name", "eth0", "netns", name]
            ip("-n", switch, "link", "add", f"v{number}", *peer)
            ip("-n", switch, "link", "set", f"v{number}", "master", "br0", "up")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "address", "add", f"10.88.0.{number}/24", "dev", "eth0")
            ip("-n", name, "address", "add", f"fd00:88::{number}/64", "dev", "eth0", "nodad")
            macs[name] = json.loads(ip("-n", name, "-j", "link", "show", "eth0"))[0]["address"]
        for name in names[2:]:
            ip("-n", name, "address", "add", f"{VIP}/32", "dev", "eth0")
            ip("-n", name, "address", "add", f"{VIP6}/128", "dev", "eth0", "nodad")
        yield Lan(client, {"a": macs[names[2]], "b": macs[names[3]]})
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def ask(lan: Lan, *addresses: str) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        ["ip", "netns", "exec", lan.client, "sh", "-s"],
        input=python_probe("neighbour", list(addresses)),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, object]] = json.loads(done.stdout)
    return found


def test_two_machines_that_claim_an_address_are_both_seen(lan: Lan) -> None:
    found = ask(lan, VIP, VIP6)
    for address in (VIP, VIP6):
        assert found[address]["route"] == "link"
        assert found[address]["owners"] == sorted(lan.macs.values())
    other = lan.client.replace("client", "b")
    ip("-n", other, "address", "del", f"{VIP}/32", "dev", "eth0")
    ip("-n", other, "address", "add", f"{VIP}/32", "dev", "lo")
    conf = "/proc/sys/net/ipv4/conf/all"
    talks = ask(lan, VIP)[VIP]
    assert talks["owners"] == sorted(lan.macs.values()), "Linux answers for any address it has"
    quiet = f"echo 1 > {conf}/arp_ignore; echo 2 > {conf}/arp_announce"
    subprocess.run(["ip", "netns", "exec", other, "sh", "-c", quiet], check=True)
    assert ask(lan, VIP)[VIP]["owners"] == [lan.macs["a"]]


def test_an_address_behind_a_router_or_nowhere_has_no_owner_here(lan: Lan) -> None:
    ip("-n", lan.client, "route", "add", "192.0.2.0/24", "via", "10.88.0.2")
    found = ask(lan, "192.0.2.1", "198.51.100.1", "10.88.0.200")
    assert (found["192.0.2.1"]["route"], found["192.0.2.1"]["owners"]) == ("routed", None)
    assert found["198.51.100.1"]["route"] == "unknown"
    assert (found["10.88.0.200"]["route"], found["10.88.0.200"]["owners"]) == ("link", [])


SPEAK = """
import socket, struct, sys, time
# VRRPv3 (RFC 9568): type and version, VRID, priority, one address, an interval of a second.
head = struct.pack("!BBBBHH", 0x31, 51, 200, 1, 100, 0)
four = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.88.0.3"))
six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 112)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
index = socket.if_nametoindex("eth0")
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
while True:
    four.sendto(head + socket.inet_aton("10.88.0.100"), ("224.0.0.18", 0))
    six.sendto(head + socket.inet_pton(socket.AF_INET6, "fd00:88::64"), ("ff02::12", 0, 0, index))
    # Another number is nobody's business here.
    other = head[:1] + bytes([52]) + head[2:] + socket.inet_aton("10.88.0.101")
    four.sendto(other, ("224.0.0.18", 0))
    print("spoke", flush=True)
    time.sleep(0.2)
"""


def claims(lan: Lan, *addresses: str) -> dict[str, Any]:
    wanted = [
        {
            "address": address,
            "device": "eth0",
            "source": "fd00:88::1" if ":" in address else "10.88.0.1",
            "vrid": 51,
        }
        for address in addresses
    ]
    done = subprocess.run(
        ["ip", "netns", "exec", lan.client, "sh", "-s"],
        input=python_probe("claims", {"seconds": 3.1, "wanted": wanted}),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["problem"] == ""
    return found


def test_who_answers_for_a_vip_and_who_speaks_with_its_vrid_are_seen(lan: Lan) -> None:
    quiet = claims(lan, VIP, VIP6)
    assert quiet["speakers"] == []
    for address in (VIP, VIP6):
        assert sorted(quiet["owners"][address]) == sorted(lan.macs.values())
    ip("netns", "exec", lan.client, "ping", "-c1", "-W30", "10.88.0.3")
    machine = lan.client.replace("client", "b")
    speaking = ["ip", "netns", "exec", machine, sys.executable, "-c", SPEAK]
    with subprocess.Popen(speaking, stdout=subprocess.PIPE) as speaker:
        try:
            assert speaker.stdout is not None
            assert speaker.stdout.readline()
            found = claims(lan, VIP, VIP6)
        finally:
            speaker.kill()
    assert "10.88.0.3" in found["owners"][VIP][lan.macs["b"]]
    heard = {tuple(one["addresses"]): one for one in found["speakers"]}
    assert set(heard) == {(VIP,), (VIP6,)}
    assert heard[(VIP,)]["source"] == "10.88.0.3"
    assert {(one["vrid"], one["priority"]) for one in heard.values()} == {(51, 200)}


def test_one_that_has_the_vip_itself_hears_only_others(lan: Lan) -> None:
    ip("-n", lan.client, "address", "add", f"{VIP}/32", "dev", "eth0")
    other = lan.client.replace("client", "b")
    ip("-n", other, "address", "del", f"{VIP}/32", "dev", "eth0")
    assert list(claims(lan, VIP)["owners"][VIP]) == [lan.macs["a"]]
