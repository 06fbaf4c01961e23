"""The firewall of each role: what is needed comes in, through real rules, and nothing else does."""

import os
import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from provisioning.facts.machine.legacy_filter import LEGACY_FILTER
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.places import FIREWALL_RULES
from provisioning.resources.base import Observation
from provisioning.resources.file import File
from provisioning.roles.deployment import Deployment
from provisioning.roles.firewall import firewall
from provisioning.roles.firewall import ruleset as firewall_ruleset
from provisioning.roles.opening import Opening, networks
from provisioning.roles.registry import ROLES
from provisioning.roles.rendering import Templates
from provisioning.roles.storage import STORAGE
from tests.roles.firewall_site import Site, Try, site

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes networks")
VIP, EDGE_VIP, VIP6 = "192.168.1.100", "192.168.1.110", "2001:db8::100"
LVS, RS, RS6, NAS, EDGE = (
    "192.168.1.12",
    "192.168.1.102",
    "2001:db8::102",
    "192.168.1.20",
    "192.168.1.52",
)
OPERATOR, STRANGER, STRANGER6, MONITOR = (
    "192.168.9.9",
    "192.168.7.7",
    "2001:db8::7",
    "192.168.8.8",
)
_SOURCES = (LVS, RS, NAS, EDGE, OPERATOR, STRANGER, STRANGER6, MONITOR, RS6)
_INVENTORY = f"""\
vips: [{VIP}, "{VIP6}"]
directors:
  hosts:
    lvs1: {{address: 192.168.1.11, address6: "2001:db8::11"}}
    lvs2: {{address: {LVS}, address6: "2001:db8::12"}}
real_servers:
  hosts:
    rs1: {{address: 192.168.1.101, address6: "2001:db8::101"}}
    rs2: {{address: {RS}, address6: "{RS6}"}}
storage: {{hosts: {{nas1: 192.168.1.21, }}}}
edges: {{vip: {EDGE_VIP}, hosts: {{edge1: 192.168.1.51, edge2: {EDGE}}}}}
firewall:
  ssh_from: [{OPERATOR}, 192.168.9.0/24]
  metrics_from: [{MONITOR}]
  open:
    - {{port: 9100, sources: [{MONITOR}]}}
    - {{port: 9999, hosts: [edges, lvs1]}}
"""
Open = dict[str, dict[int, tuple[str, ...]]]
"""Sources by own address and port."""
_PORTS = (22, 80, 111, 443, 2049, 7859, 7860, 9080, 9100, 9999)


def ruleset(tmp_path: Path, name: str, text: str = _INVENTORY) -> str:
    path = tmp_path / "inventory.yaml"
    path.write_text(text, encoding="utf-8")
    inventory = load_inventory(path)
    desired = firewall.part(Deployment(inventory, Templates(inventory), Runtime()), name)
    (content,) = (
        one.content
        for one in desired.resources
        if isinstance(one, File) and one.path == FIREWALL_RULES
    )
    return content


def every_try(*own: str) -> list[Try]:
    """From everywhere, to every port."""
    return [
        (source, address, port)
        for address in own
        for source in _SOURCES
        if (":" in source) == (":" in address)
        for port in _PORTS
    ]


def expected(own: Open) -> list[Try]:
    """By address and port, those that may come."""
    wanted = {(s, a, p) for a, ports in own.items() for p, some in ports.items() for s in some}
    return [one for one in every_try(*own) if one in wanted]


def behind(tmp_path: Path, name: str, own: Open) -> None:
    """The host is asked at all its addresses, without its firewall and with it."""
    places = [(address, port) for address in own for port in _PORTS]
    with site(own, _SOURCES) as place, place.listening(places):
        assert place.reached(every_try(*own), 5) == every_try(*own)
        place.load(ruleset(tmp_path, name))
        assert place.reached(every_try(*own)) == expected(own)


IPV4 = tuple(one for one in _SOURCES if ":" not in one)
IPV6 = tuple(one for one in _SOURCES if ":" in one)


@needs_root
def test_a_director_is_asked_at_the_vips_and_by_the_operator(tmp_path: Path) -> None:
    own: Open = {"192.168.1.11": {22: (OPERATOR,), 9100: (MONITOR,), 9999: IPV4}}
    vips: Open = {VIP: {**own["192.168.1.11"], 7860: IPV4}, VIP6: {7860: IPV6, 9999: IPV6}}
    behind(tmp_path, "lvs1", {**own, **vips})


@needs_root
def test_a_real_server_is_asked_at_its_own_address_by_the_cluster_alone(tmp_path: Path) -> None:
    usual = {22: (OPERATOR,), 9100: (MONITOR,)}
    rip = {**usual, 7860: (LVS, RS, EDGE, MONITOR), 7859: (RS,)}
    everybody = {**usual, 7860: IPV4, 7859: (RS,)}
    six: dict[int, tuple[str, ...]] = {7860: (RS6,), 7859: (RS6,)}
    own: Open = {"192.168.1.101": rip, VIP: everybody, "2001:db8::101": six}
    behind(tmp_path, "rs1", {**own, VIP6: {7860: IPV6, 7859: (RS6,)}})


@needs_root
def test_storage_serves_nodes_alone(tmp_path: Path) -> None:
    behind(tmp_path, "nas1", {"192.168.1.21": {22: (OPERATOR,), 2049: (RS,), 9100: (MONITOR,)}})


@needs_root
def test_an_edge_is_asked_at_its_vip(tmp_path: Path) -> None:
    usual = {22: (OPERATOR,), 9100: (MONITOR,), 9999: IPV4}
    behind(tmp_path, "edge1", {"192.168.1.51": usual, EDGE_VIP: {**usual, 9080: IPV4}})


_RECORDS = "/proc/sys/net/netfilter/nf_conntrack_count"
_HEAR = """
import socket, sys
heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
group = socket.inet_aton("224.0.0.18") + socket.inet_aton(sys.argv[1])
heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
print(flush=True)
while True:
    packet, sender = heard.recvfrom(2048)
    print(sender[0], packet[-1:].decode(), flush=True)
"""
_SAY = """
import socket, sys
for source, target, word in (line.split() for line in sys.argv[1:]):
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
    one.bind((source, 0))
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    one.sendto(word.encode(), (target, 0))
"""


def adverts(place: Site, own: str, *said: str) -> list[str]:
    """What a director hears, up to the last, which has to be let in."""
    hears = place.host.argv(sys.executable, "-ISc", _HEAR, own)
    with subprocess.Popen(hears, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        place.client.run(sys.executable, "-ISc", _SAY, *said)
        source, _, word = said[-1].split()
        heard: list[str] = []
        for line in process.stdout:
            heard.append(line.strip())
            if line.strip() == f"{source} {word}":
                break
        process.kill()
    return heard


@needs_root
def test_directors_hear_each_other(tmp_path: Path) -> None:
    with site(["192.168.1.11"], [LVS, STRANGER]) as place:
        place.load(ruleset(tmp_path, "lvs1"))
        multicast = [f"{LVS} 224.0.0.18 a", f"{STRANGER} 192.168.1.11 b", f"{LVS} 224.0.0.18 c"]
        assert adverts(place, "192.168.1.11", *multicast) == [f"{LVS} a", f"{LVS} c"]
        unicast = f"{_INVENTORY}vrrp: {{unicast: true}}\n"
        place.load(ruleset(tmp_path, "lvs1", unicast))
        said = [f"{STRANGER} 192.168.1.11 a", f"{LVS} 224.0.0.18 b", f"{LVS} 192.168.1.11 c"]
        heard = adverts(place, "192.168.1.11", *said)
        assert heard == [f"{LVS} b", f"{LVS} c"]


@needs_root
def test_what_a_director_passes_on_fills_no_table(tmp_path: Path) -> None:
    """Its kernel keeps a record of what it is asked itself alone."""
    silent = "table ip theirs { chain out { type filter hook output priority raw; policy drop; }; }"
    counted = []
    with site(["192.168.1.11", VIP], [STRANGER]) as place:
        place.load(ruleset(tmp_path, "lvs1"))
        # As where real servers answer, past the director.
        place.load(silent)
        for port in (7860, 9999):
            place.reached([(STRANGER, VIP, port)], 0.1)
            counted.append(int(place.host.run("cat", _RECORDS)))
    assert counted == [0, 1]


@needs_root
def test_ping_and_neighbours_of_both_families_go_on(tmp_path: Path) -> None:
    with site(["192.168.1.101", "2001:db8::101"], [STRANGER, STRANGER6]) as place:
        place.load(ruleset(tmp_path, "rs1"))
        for address in ("192.168.1.101", "2001:db8::101"):
            assert "1 received" in place.client.run("ping", "-c1", "-W2", address)


@needs_root
def test_tables_of_others_stay(tmp_path: Path) -> None:
    others = "table ip theirs {\n\tchain input {\n\t\ttcp dport 1 drop\n\t}\n}\n"
    legacy = ("iptables-legacy", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "DROP")
    ssh = [(OPERATOR, "192.168.1.11", 22)]
    with site(["192.168.1.11"], [OPERATOR]) as place:
        with place.listening([("192.168.1.11", 22)]):
            place.load(others)
            place.load(ruleset(tmp_path, "lvs1"))
            place.load(ruleset(tmp_path, "lvs1"))
            assert place.reached(ssh, 5) == ssh
            # Beside ours, in no list of nft, and a packet has to pass both.
            place.host.run(*legacy)
            assert place.reached(ssh) == []
            said = place.host.run("sh", "-c", LEGACY_FILTER.fragment)
            assert LEGACY_FILTER.parse(Observation(said, "", 0)).may_drop() == ("ip",)
        place.host.run("nft", "delete", "table", "inet", "cosyvoice")
        assert place.host.run("nft", "list", "ruleset") == others
        assert "--dport 22 -j DROP" in place.host.run("iptables-legacy-save")


@needs_root
def test_hundreds_of_hosts_are_one_rule(tmp_path: Path) -> None:
    nodes = "".join(f"    rs{n}: 192.168.{4 + n // 250}.{n % 250 + 1}\n" for n in range(300))
    head = "vip: 192.168.1.100\ndirectors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
    rest = "storage: {hosts: {nas1: 192.168.1.21}}\nfirewall: true\n"
    rules = ruleset(tmp_path, "nas1", f"{head}real_servers:\n  hosts:\n{nodes}{rest}")
    assert rules.count("dport { 2049 }") == 1
    assert len(rules) < len(ruleset(tmp_path, "nas1")) + 1000, "runs of addresses are networks"
    first, last, beyond = "192.168.4.1", "192.168.5.50", "192.168.5.51"
    tries = [(source, "192.168.1.21", 2049) for source in (first, last, beyond)]
    own = "192.168.1.21"
    with site([own], [first, last, beyond]) as place, place.listening([(own, 2049)]):
        place.load(rules)
        assert place.reached(tries, 2) == tries[:2]


def test_without_the_key_there_is_no_firewall(tmp_path: Path) -> None:
    text = _INVENTORY.partition("firewall:")[0]
    for switch in ("", "firewall: false\n", "firewall: null\n"):
        with pytest.raises(ValueError, match="not enough values"):
            ruleset(tmp_path, "lvs1", text + switch)


def test_a_new_role_brings_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = Opening(what="scrapes", ports=(9165,), sources=networks([ip_address("10.0.0.1")]))
    scraper = replace(STORAGE, key="scrapers", openings=lambda _inventory, _name: [asks])
    monkeypatch.setattr(firewall_ruleset, "ROLES", (*ROLES, scraper))
    assert "ip saddr { 10.0.0.1 } tcp dport { 9165 } accept" in ruleset(tmp_path, "rs1")
