"""Who claims an address on a LAN, asked on a real one in network namespaces."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from provisioning.operations.probes.fragment import python_probe

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
