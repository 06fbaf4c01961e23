"""A packet filter as it is read, compared with what the kernel does with a packet."""

import json
import os
import subprocess
import sys
from ipaddress import ip_address

import pytest

from provisioning.facts.machine.packet_filter import PACKET_FILTER, Dropped, Packet
from tests.facts.recordings import printed
from tests.operations.doctor.namespaces import lab

_VRRP = ("vrrp", "112")
_MULTICAST = Packet(_VRRP, "eth0", ip_address("10.99.0.11"), ip_address("224.0.0.18"))
_UNICAST = Packet(_VRRP, "eth0", ip_address("10.99.0.11"), ip_address("10.99.0.12"))
_SEND = """
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.99.0.11"))
while True:
    for target in ("224.0.0.18", "10.99.0.12"):
        one.sendto(b"x" * 20, (target, 0))
    time.sleep(0.01)
"""
_HEAR = """
import select, socket, sys
ear = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
member = socket.inet_aton("224.0.0.18") + socket.inet_aton("10.99.0.12")
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
# It sees packets before the filter does, which has judged the first when the third is there.
tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
def waiting(one):
    while select.select([one], [], [], 0)[0]:
        yield one.recv(100)
for _ in sys.stdin:
    for one in (tap, ear):
        list(waiting(one))
    came = {"224.0.0.18": 0, "10.99.0.12": 0}
    while min(came.values()) < 3:
        packet = tap.recv(100)
        target = socket.inet_ntoa(packet[16:20])
        if packet[9] == 112 and target in came:
            came[target] += 1
    heard = {socket.inet_ntoa(packet[16:20]) for packet in waiting(ear)}
    print(" ".join(sorted(heard)), flush=True)
"""
_BASE = "type filter hook input priority 0;"
RULESETS = [
    f"chain input {{ {_BASE} policy drop; tcp dport 22 accept; icmp type echo-request accept; }}",
    f"chain input {{ {_BASE} policy drop; ip protocol vrrp accept; }}",
    f"chain input {{ {_BASE} policy drop; meta l4proto {{ 112, 50 }} accept; }}",
    f"chain input {{ {_BASE} policy drop; ip daddr 224.0.0.0/4 accept; }}",
    f"chain input {{ {_BASE} policy drop; ip saddr 10.99.0.0/28 accept; }}",
    f'chain input {{ {_BASE} policy drop; ip saddr != 10.99.0.12 iifname "eth*" accept; }}',
    f"chain input {{ {_BASE} policy drop; ct state established,related accept; }}",
    f"chain input {{ {_BASE} policy drop; ct state new accept; }}",
    f"chain input {{ {_BASE} policy drop; meta pkttype multicast counter accept; }}",
    f"chain input {{ {_BASE} policy accept; ip protocol vrrp reject; }}",
    f"chain input {{ {_BASE} policy accept; meta nfproto ipv6 drop; iifname lo drop; }}",
    f"chain peers {{ ip saddr 10.99.0.11 return; drop; }}\n"
    f"chain input {{ {_BASE} policy accept; jump peers; ip daddr 10.99.0.12 drop; }}",
    f"chain peers {{ ip saddr 10.99.0.12 accept; }}\n"
    f"chain input {{ {_BASE} policy drop; goto peers; accept; }}",
    f"chain early {{ type filter hook prerouting priority -300; policy accept; meta l4proto 112"
    f" drop; }}\nchain input {{ {_BASE} policy accept; }}",
]


@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_it_is_read_as_the_kernel_follows_it() -> None:
    with lab() as made:

        def popen(name: str, script: str) -> "subprocess.Popen[str]":
            words = ["ip", "netns", "exec", made.namespace(name), sys.executable, "-c", script]
            pipe = subprocess.PIPE
            return subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)

        with popen("lvs1", _SEND) as speaker, popen("lvs2", _HEAR) as ear:
            try:
                assert ear.stdin is not None and ear.stdout is not None

                def heard() -> set[str]:
                    assert ear.stdin is not None and ear.stdout is not None
                    ear.stdin.write("now\n")
                    ear.stdin.flush()
                    return set(ear.stdout.readline().split())

                while len(heard()) < 2:
                    """Until both have begun."""
                for rules in RULESETS:
                    text = f"flush ruleset\ntable inet filter {{\n{rules}\n}}"
                    made.sh("lvs2", f"nft -f - <<'END'\n{text}\nEND")
                    words = ["ip", "netns", "exec", made.namespace("lvs2"), "nft", "-j"]
                    listed = subprocess.check_output([*words, "list", "ruleset"], text=True)
                    found = PACKET_FILTER.parse(printed(listed))
                    passes = {str(p.target) for p in (_MULTICAST, _UNICAST) if not found.drops(p)}
                    assert passes == heard(), rules
            finally:
                speaker.kill()
                ear.kill()


def chain(*rules: list[object], policy: str = "drop") -> str:
    place = {"family": "inet", "table": "t", "chain": "c"}
    base = {"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "input"}
    listed = [{"rule": {**place, "expr": expr}} for expr in rules]
    return json.dumps({"nftables": [{"chain": {**base, "policy": policy}}, *listed]})


@pytest.mark.parametrize(
    "unsure",
    [
        [{"xt": {"type": "match", "name": "recent"}}, {"accept": None}],
        [{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 0}}, {"accept": None}],
        [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                       "right": "@peers"}},
            {"accept": None},
        ],
        [{"vmap": {"key": {"meta": {"key": "l4proto"}}, "data": "@map"}}],
    ],
)  # fmt: skip
def test_what_is_not_sure_is_not_said(unsure: list[object]) -> None:
    assert PACKET_FILTER.parse(printed(chain(unsure))).drops(_MULTICAST) is None
    dropped = PACKET_FILTER.parse(printed(chain([{"counter": {}}]))).drops(_MULTICAST)
    assert dropped == Dropped("inet", "t", "c")
    assert PACKET_FILTER.parse(printed("")).drops(_MULTICAST) is None


def dport(protocol: str, port: object, op: str = "==") -> dict[str, object]:
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    return {"match": {"op": op, "left": left, "right": port}}


@pytest.mark.parametrize(
    ("rule", "comes"),
    [
        ([dport("udp", 8848), {"accept": None}], True),
        ([dport("th", {"set": [53, 8848]}), {"accept": None}], True),
        ([dport("udp", 53), {"accept": None}], False),
        ([dport("tcp", 8848), {"accept": None}], False),
        ([dport("tcp", 22, "!="), {"accept": None}], False),
        ([dport("udp", 22, "!="), {"accept": None}], True),
        # A range may hold it, and where a packet comes from is not known.
        ([dport("udp", {"range": [8000, 9000]}), {"accept": None}], True),
        ([{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "sport"}},
                     "right": 8848}}, {"accept": None}], True),
    ],
)  # fmt: skip
def test_a_port_is_compared_where_there_is_one(rule: list[object], comes: bool) -> None:
    group = ip_address("224.0.0.81")
    packet = Packet(("udp", "17"), "eth0", ip_address("10.99.0.11"), group, 8848)
    found = PACKET_FILTER.parse(printed(chain(rule)))
    assert (found.drops(packet) is None) == comes
    assert found.drops(_MULTICAST) is not None, "VRRP has no ports"
