"""Rules over what hosts answered: each finds what is wrong, and nothing where it is not."""

import json
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click
import pytest

from provisioning.cli.running import cluster
from provisioning.facts.clock import FIRST, Clock
from provisioning.facts.fact import Answers
from provisioning.model.inventory import Inventory
from provisioning.operations.doctor.examination import examine, judge
from provisioning.operations.doctor.finding import Finding, Severity
from provisioning.operations.doctor.registry import RULES
from provisioning.resources.base import Observation
from tests.operations.doctor.namespaces import CONTENT, HOSTS, INVENTORY, recording
from tests.operations.replay import Recording, replay

Change = Callable[[Recording], None]
NAMES = [name for name in HOSTS if name != "stranger"]


def diagnosed(
    answers: Recording, inventory: Inventory = INVENTORY, names: Iterable[str] = NAMES
) -> list[Finding]:
    found = examine(inventory, replay(answers), list(names)).findings
    check(found)
    return list(found)


def check(found: Iterable[Finding]) -> None:
    """All is said, and commands can be typed."""
    for one in found:
        assert one.evidence and one.cause and one.fix
        for command in re.findall(r"`(cluster [^`]+)`", one.fix):
            can_be_typed(command)


def can_be_typed(command: str) -> None:
    """Its words are taken by the command line as they stand."""
    _, name, *words = shlex.split(command)
    found = cluster.get_command(click.Context(cluster), name)
    assert found is not None
    found.make_context(name, words)


def of_rule(rule: str, answers: Recording, inventory: Inventory = INVENTORY) -> dict[str, Finding]:
    """What one rule finds, by host; the others are not asked."""
    (one,) = (each for each in RULES if each.id == rule)
    views = {name: view for name in answers if (view := one.view(inventory, name)) is not None}
    given = {
        name: Answers({key: Observation(*said[-1]) for key, said in answered.items()})
        for name, answered in answers.items()
    }
    found = judge(inventory, {rule: views}, given, _clocks(given)).findings
    check(found)
    return {each.host: each for each in found}


def _clocks(given: dict[str, Answers]) -> dict[str, Clock]:
    """Clocks of hosts that were all asked at one time."""
    first = {name: answers[FIRST] or 0.0 for name, answers in given.items()}
    start = min(first.values())
    return {name: Clock(at - start - 2, at - start + 2, 0.1) for name, at in first.items()}


def varied(**changes: Any) -> Inventory:
    return Inventory.model_validate({**CONTENT, **changes})


def said(key: str, text: str, *names: str, status: int = 0) -> Change:
    """These hosts answer otherwise."""

    def change(answers: Recording) -> None:
        for name in names or NAMES:
            assert key in answers[name], sorted(answers[name])
            answers[name][key] = [(text, "", status)]

    return change


def answered(key: str, text: str, *names: str) -> Change:
    """A question that another inventory asks: these hosts answer it so, the others nothing."""

    def change(answers: Recording) -> None:
        for name in NAMES:
            answers[name][key] = [(text if name in names else "", "", 0)]

    return change


def swapped(key: str, old: str, new: str, *names: str) -> Change:
    """In what these hosts answered, something is another."""

    def change(answers: Recording) -> None:
        for name in names:
            out, err, status = answers[name][key][0]
            assert re.search(old, out), out
            answers[name][key] = [(re.sub(old, new, out), err, status)]

    return change


@dataclass(frozen=True)
class Case:
    """What makes a rule find something, and on which hosts; what makes it silent again."""

    rule: str
    hosts: set[str]
    evidence: str
    base: str = "sound"
    ill: Change = lambda answers: None
    well: Change | None = None
    """``None`` where hosts in order are silent anyway."""
    severity: Severity = Severity.ERROR
    inventory: Inventory = INVENTORY


_ENGINE = {"name": "cosyvoice2"}
_ON_CPU = varied(app={"workers": 3, "engine": {**_ENGINE, "gpus": "none"}})
_ON_GPUS = varied(
    app={"engine": {**_ENGINE, "gpus": "0", "jobs_per_gpu": 4}},
    real_servers={"gpus": 2, "hosts": {"rs1": "10.99.0.21", "rs2": "10.99.0.22"}},
)
_LEGACY = "family ip6\n*filter\n:INPUT {} [0:0]\n:OUTPUT DROP [0:0]\n{}COMMIT\n"
_NMCLI = "GENERAL.STATE:{}\nGENERAL.CONNECTION:Wired: 1\n"
_SOCKET = 'LISTEN 0 511 {address}:7860 0.0.0.0:* users:(("{program}",pid=77,fd=6))'
_PORT = f"{_SOCKET}\t{{unit}}\t{{folder}}\t{{command}}\n"
_NGINX = _PORT.format(
    address="0.0.0.0",
    program="nginx",
    unit="nginx.service",
    folder="/",
    command="nginx: master process",
)
_APP = _PORT.format(
    address="0.0.0.0",
    program="python",
    unit="supervisor.service",
    folder="/opt/cosyvoice/releases/0.1.0-0123",
    command="/opt/conda/bin/python -m cosyvoice_cluster.app",
)
_UPGRADES = 'APT::Periodic::Unattended-Upgrade "1";\n'
_ALONE = _UPGRADES + 'Unattended-Upgrade::Package-Blacklist:: "keepalived$";\n'
_IPVS = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  {address}:1EB4 rr
  -> 0A630015:1EB4      Route   1      0          0
"""
_OURS_FILE = "/etc/sysctl.d/60-cosyvoice-real-server.conf"
_SYSCTL = f"{_OURS_FILE}\tnet/ipv4/conf/all/arp_ignore\t1\t"
_LATER = "/etc/sysctl.d/99-hardening.conf\tnet/ipv4/conf/all/arp_ignore\t0\t\n"
_MOUNT = "36 25 0:31 / /srv/cosyvoice/outputs rw,noatime - nfs4 {source} rw,{options}\n"
_GOOD_MOUNT = _MOUNT.format(source="10.99.0.31:/", options="vers=4.2,hard,timeo=150")
_GIB = 2**30 // 4096
_JUMPING = varied(
    ssh={"jump": "10.99.0.31"}, storage={"hosts": {"nas1": {"address": "10.99.0.31"}}}
)
_APT = "deb.debian.org {} 1795993458000000000 {}\nnameserver 10.99.0.1\n"

CASES = [
    Case("vip-taken", {""}, "02:00:00:00:00:42", "stranger-has-vip"),
    Case("vip-answered", {"rs1"}, "answered by rs1", "real-server-answers"),
    Case("vrid-taken", {""}, "10.99.0.66 advertise VRID 51", "stranger-advertises"),
    Case("vip-static", {"lvs2", "rs2"}, "is on eth0", "vip-by-hand"),
    Case("vip-not-silent", {"rs1"}, "arp_announce is 0", "real-server-answers"),
    Case("vip-on-lo-wide", {"rs1"}, "10.99.0.100/24 is on lo", "real-server-answers"),
    Case("segment-apart", {"rs2"}, "lvs1 and lvs2 asked for 10.99.0.22", "apart"),
    Case("address-taken", {"rs2"}, "02:00:00:00:00:42", "stranger-has-address"),
    Case(
        "multicast-lost",
        {"lvs1"},
        "nothing that it sent to 224.0.0.18 (multicast) came to lvs2, where 8 packets",
        ill=said("announcements", '{"10.99.0.11": [8, 0, 9]}', "lvs2"),
        # Without what is for it alone, nothing is known: the other one was not asked at that time.
        well=said("announcements", '{"10.99.0.11": [5, 0, 0]}', "lvs2"),
    ),
    Case(
        "multicast-lost",
        {"lvs2"},
        "came to lvs1",
        ill=said("announcements", '{"10.99.0.12": [8, 0, 9]}', "lvs1"),
        well=said("announcements", '{"10.99.0.12": [8, 1, 0]}', "lvs1"),
        severity=Severity.WARNING,
        inventory=varied(vrrp={"unicast": True}),
    ),
    Case(
        "arp-announcement-lost",
        {"lvs1"},
        "no gratuitous ARP of it came to lvs2",
        ill=said("announcements", '{"10.99.0.11": [8, 9, 0]}', "lvs2"),
        well=said("announcements", '{"10.99.0.11": [8, 0, 9]}', "lvs2"),
    ),
    Case("port-blocked", {"rs1"}, "10.99.0.21:7860 (health checks): silent", "dropped"),
    Case("port-blocked", {"lvs1"}, "and others reach them", "dropped-by-iptables"),
    Case("vrrp-dropped", {"lvs2"}, "VRRP (IP protocol 112) of lvs1 (10.99.0.11)", "dropped"),
    Case("vrrp-dropped", {"lvs2"}, "(iptables-legacy) drops VRRP", "dropped-by-iptables"),
    Case("sync-dropped", {"lvs2"}, "UDP 8848 to 224.0.0.81", "dropped", severity=Severity.WARNING),
    Case(
        "firewall-beside",
        {"rs1"},
        "ip6tables-legacy has rules that drop",
        ill=answered("legacy_filter", _LEGACY.format("DROP", ""), "rs1"),
        well=answered("legacy_filter", _LEGACY.format("ACCEPT", "-A OUTPUT -j DROP\n"), "rs1"),
        severity=Severity.WARNING,
        inventory=varied(firewall=True),
    ),
    Case(
        "firewall-beside",
        {"nas1"},
        "ip6tables-legacy has rules that drop",
        ill=answered("legacy_filter", _LEGACY.format("ACCEPT", "-A INPUT -j REJECT\n"), "nas1"),
        well=answered("legacy_filter", "", "nas1"),
        severity=Severity.WARNING,
        inventory=varied(firewall=True),
    ),
    Case(
        "networkmanager-takes-vip",
        {"lvs1"},
        "keeps eth0 by its connection 'Wired: 1'",
        ill=answered("network_manager", _NMCLI.format("100 (connected)"), "lvs1"),
        well=answered("network_manager", _NMCLI.format("100 (connected (externally))"), "lvs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "memory-short",
        {"rs1"},
        "3 workers take 9 GB at least, and it has 8.2 GB",
        ill=answered("memory_total", "MemTotal:        8000000 kB\n", "rs1"),
        well=answered("memory_total", "MemTotal:        9000000 kB\n", "rs1"),
        inventory=_ON_CPU,
    ),
    Case(
        "gpu-memory",
        {"rs2"},
        "4 jobs on GPU 0 take 12 GB at least, and it has 8.6 GB",
        ill=answered("card_settings", "0, Enabled, 8192\n1, Enabled, 24576\n", "rs2"),
        # The other card is not asked for.
        well=answered("card_settings", "0, Enabled, 24576\n1, Enabled, 8192\n", "rs2"),
        inventory=_ON_GPUS,
    ),
    Case(
        "gpu-persistence",
        {"rs1"},
        "persistence mode of GPU 1 is off",
        ill=answered("card_settings", "0, Enabled, 24576\n1, Disabled, 24576\n", "rs1"),
        well=answered("card_settings", "0, Enabled, 24576\n1, [N/A], [N/A]\n", "rs1"),
        severity=Severity.WARNING,
        inventory=_ON_GPUS,
    ),
    Case("mtu", {"lvs2", "rs2"}, "eth0 has an MTU of", "ways"),
    Case(
        "path-mtu",
        {"rs2"},
        "packets of 1500 bytes get no answer between it and lvs1, lvs2, nas1",
        ill=lambda answers: narrow(answers, "small"),
        # One that answers no ping at all tells nothing.
        well=lambda answers: narrow(answers, "silent"),
    ),
    Case(
        "large-receive",
        {"lvs1"},
        "eth0 joins packets that come in (LRO",
        ill=said("large_receive", "true", "lvs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "rp-filter",
        {"lvs1"},
        "the default route leaves by eth1",
        "ways",
        severity=Severity.WARNING,
    ),
    Case("gateway-is-director", {"rs1"}, "10.99.0.11 (lvs1)", "ways"),
    Case("requirement", {"rs2"}, "eth0 has 10.99.0.22: no", "apart"),
    Case(
        "scheduler-module",
        {"lvs1"},
        "has no ip_vs_rr",
        ill=said("scheduler_modules", "kernel 6.1.0\nfolder\nmissing ip_vs_rr\n", "lvs1"),
        well=said("scheduler_modules", "kernel 6.1.0\nfolder\n", "lvs1", "lvs2"),
    ),
    Case(
        "keepalived-twice",
        {"lvs1"},
        "812 `/usr/sbin/keepalived --dont-fork`; 2047 `keepalived -f /x.conf`",
        ill=said(
            "keepalived_found",
            "ours\n814 812 /usr/sbin/keepalived --dont-fork\n813 812 /usr/sbin/keepalived "
            "--dont-fork\n812 1 /usr/sbin/keepalived --dont-fork\n2047 1999 keepalived -f "
            "/x.conf\n2048 2047 keepalived -f /x.conf\n",
            "lvs1",
        ),
        well=said(
            "keepalived_found",
            "ours\n813 812 keepalived\n812 1 keepalived\n814 812 keepalived\n",
            "lvs1",
            "lvs2",
        ),
    ),
    Case(
        "keepalived-other",
        {"lvs1"},
        "was not made by a deploy",
        ill=said("keepalived_found", "other\n", "lvs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "ipvs-owner",
        {"lvs2"},
        "TCP 10.96.0.1:7860",
        ill=said("virtual_services", _IPVS.format(address="0A600001"), "lvs2"),
        well=said("virtual_services", _IPVS.format(address="0A630064"), "lvs1", "lvs2"),
    ),
    Case(
        "port-taken",
        {"rs1"},
        "port 7860 is taken by nginx (nginx.service)",
        ill=said("listeners", _NGINX, "rs1"),
        well=said("listeners", _APP, "rs1", "rs2"),
    ),
    Case(
        "sysctl-drift",
        {"rs1"},
        "arp_ignore is 0 instead of 1",
        ill=said("sysctl_files", f"{_SYSCTL}0\n", "rs1"),
        well=said("sysctl_files", f"{_SYSCTL}1\n", "rs1", "rs2"),
    ),
    Case(
        "sysctl-drift",
        {"rs1"},
        "99-hardening.conf, which is read later, 0",
        ill=said("sysctl_files", f"{_SYSCTL}1\n{_LATER}", "rs1"),
        well=said("sysctl_files", f"{_LATER}{_SYSCTL}1\n", "rs1", "rs2"),
        severity=Severity.WARNING,
    ),
    Case(
        "networkd-takes-vip",
        {"lvs1"},
        "KeepConfiguration=(not written)",
        ill=said("networkd", "/etc/systemd/network/lan.network\n[Network]\nDHCP=no\n", "lvs1"),
        well=said(
            "networkd",
            "/etc/systemd/network/lan.network\n[Network]\nDHCP=no\nKeepConfiguration=static\n",
            "lvs1",
        ),
        severity=Severity.WARNING,
    ),
    Case(
        "outputs-mount",
        {"rs1"},
        "soft instead of hard, vers=3 instead of vers=4.2",
        ill=said("mounts", _MOUNT.format(source="10.99.0.31:/", options="vers=3,soft"), "rs1"),
        well=said("mounts", _GOOD_MOUNT, "rs1", "rs2"),
        severity=Severity.WARNING,
    ),
    Case(
        "outputs-mount",
        {"rs2"},
        "10.99.0.99:/old (nfs4) is mounted",
        ill=said("mounts", _MOUNT.format(source="10.99.0.99:/old", options="hard"), "rs2"),
        well=said("mounts", _GOOD_MOUNT, "rs1", "rs2"),
    ),
    Case(
        "outputs-slow",
        {"rs1"},
        "took 2.5 s to keep a file of 1 MiB",
        ill=said("share_speed", "0 1000000000 3500000000\n", "rs1"),
        well=said("share_speed", "0 1000000000 1900000000\n", "rs1", "rs2"),
        severity=Severity.WARNING,
    ),
    Case(
        "outputs-slow",
        {"rs1", "rs2"},
        "did not take a file of 1 MiB within 10 s",
        ill=said("share_speed", "137 1000000000 11000000000\n", "rs1", "rs2"),
        # That it cannot be written is status' to tell.
        well=said("share_speed", "1 1000000000 11000000000\n", "rs1", "rs2"),
    ),
    Case(
        "disk-full",
        {"rs1"},
        "the file system of / has 40 of 20480 MiB left",
        ill=said("file_systems", f"a1 4096 {20 * _GIB} 10240 1000000 900000 /\n", "rs1"),
        well=said("file_systems", f"a1 4096 {20 * _GIB} {9 * _GIB} 1000000 900000 /\n"),
    ),
    Case(
        "disk-full",
        {"nas1"},
        "100 of 1000000 files (inodes)",
        ill=said("file_systems", f"a1 4096 {20 * _GIB} {9 * _GIB} 1000000 100 /var\n", "nas1"),
        # One with no number of files is no full one.
        well=said("file_systems", f"a1 4096 {20 * _GIB} {9 * _GIB} 0 0 /var\n"),
    ),
    Case(
        "conntrack-full",
        {"lvs1"},
        "tracks 260000 connections of 262144",
        ill=said("conntrack", "260000\n262144\n", "lvs1"),
        well=said("conntrack", ""),
    ),
    Case(
        "sshd-sessions",
        {"lvs1"},
        "MaxSessions 1",
        ill=swapped("sshd_limits", "maxsessions 10", "maxsessions 1", "lvs1"),
    ),
    Case(
        "sshd-startups",
        {"rs1"},
        "when 2 are under way (MaxStartups)",
        ill=swapped("sshd_limits", "maxstartups [^\n]*", "maxstartups 2:30:60", "rs1"),
        well=swapped("sshd_limits", "maxstartups [^\n]*", "maxstartups 3:30:60", "rs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "sshd-startups",
        {"nas1"},
        "5 hosts are reached through it",
        ill=swapped("sshd_limits", "maxstartups [^\n]*", "maxstartups 4:30:60", "nas1"),
        well=swapped("sshd_limits", "maxstartups [^\n]*", "maxstartups 5:30:60", "nas1"),
        severity=Severity.WARNING,
        inventory=_JUMPING,
    ),
    Case(
        "clock-apart",
        {"rs2"},
        "60 min ahead",
        ill=lambda answers: later(answers, "rs2", 3600.0),
        severity=Severity.WARNING,
    ),
    Case(
        "clock-unkept",
        {"rs1"},
        "nothing runs that keeps its clock",
        ill=said("clock_keeping", "CanNTP=yes\nNTP=no\nNTPSynchronized=no\n", "rs1"),
        well=said("clock_keeping", "CanNTP=no\nNTP=no\nNTPSynchronized=yes\nRuns=chronyd\n"),
        severity=Severity.WARNING,
    ),
    Case(
        "clock-unkept",
        {"rs1"},
        "chronyd runs, and the clock is not synchronized",
        ill=said("clock_keeping", "NTPSynchronized=no\nRuns=chronyd\n", "rs1"),
        well=said("clock_keeping", "Runs=chronyd\n"),
        severity=Severity.WARNING,
    ),
    Case(
        "own-upgrades",
        {""},
        "lvs1 and lvs2 upgrade all packages",
        ill=said("own_upgrades", _UPGRADES, "lvs1", "lvs2"),
        well=said("own_upgrades", _ALONE, "lvs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "own-name",
        {"rs1"},
        "calls itself vm",
        ill=said("own_name", "vm\n", "rs1"),
        well=said("own_name", "vm\n127.0.1.1       STREAM vm\n127.0.1.1       DGRAM\n"),
        severity=Severity.WARNING,
    ),
    Case(
        "name-lookup",
        {"rs1"},
        "cannot look up deb.debian.org, where apt fetches from; its nameservers are 10.99.0.1",
        ill=said("name_lookups", _APT.format("lost", 1795993466000000000), "rs1"),
        well=said("name_lookups", _APT.format("found", 1795993459000000000), "rs1"),
        severity=Severity.WARNING,
    ),
    Case(
        "name-lookup",
        {"rs2"},
        "takes 5 s to look up deb.debian.org",
        ill=said("name_lookups", _APT.format("found", 1795993463000000000), "rs2"),
        well=said("name_lookups", "", "rs2"),
        severity=Severity.WARNING,
    ),
]


def later(answers: Recording, name: str, seconds: float) -> None:
    """Its clock is that much ahead."""
    for key in ("clock.first", "clock.last"):
        text = answers[name][key][0][0]
        answers[name][key] = [(f"{float(text) + seconds:f}\n", "", 0)]


def narrow(answers: Recording, word: str) -> None:
    """What is large does not come to rs2, and not from it."""
    for name, words in {
        "lvs1": ("all", "all", word),
        "lvs2": ("all", "all", word),
        "rs2": (word, word, word),
    }.items():
        text = json.dumps({"mtu": 1500, "words": words})
        answers[name]["path_sizes"] = [(text, "", 0)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.base}")
def test_a_rule_finds_what_is_wrong_and_nothing_else(case: Case) -> None:
    answers = recording(case.base)
    case.ill(answers)
    found = of_rule(case.rule, answers, case.inventory)
    assert set(found) >= case.hosts, found
    ours = [found[host] for host in case.hosts]
    assert any(case.evidence in one.evidence for one in ours), ours
    assert {one.severity for one in ours} == {case.severity} or case.rule == "mtu"
    sound = recording("sound")
    if case.well is not None:
        case.ill(sound)
        case.well(sound)
    silent = of_rule(case.rule, sound, case.inventory)
    assert not set(silent) & case.hosts, silent


def test_hundreds_of_hosts_are_asked_by_some_and_none_asks_all() -> None:
    hosts = {f"rs{n}": f"10.98.{n // 250}.{n % 250 + 1}" for n in range(300)}
    inventory = varied(real_servers={"hosts": hosts})
    (rule,) = (one for one in RULES if one.id == "port-blocked")
    texts = {}
    for name in ("lvs1", *hosts):
        view = rule.view(inventory, name)
        assert view is not None
        texts[name] = view.facts[0].fragment
    assert texts["lvs1"].count('"10.98.') == 300, "health checks come from all directors"
    for address in hosts.values():
        asked = [name for name, text in texts.items() if f'"{address}"' in text]
        assert 16 < len(asked) < 20, address


def test_every_rule_is_tried() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_a_host_of_ours_that_was_left_out_is_not_taken_for_a_stranger() -> None:
    answers = recording("vip-by-hand")
    # lvs2 holds the VIP, and lvs1 alone is looked at: it may be as it should.
    alone = [one for one in diagnosed(answers, names=["lvs1"]) if one.rule == "vip-taken"]
    assert all(one.severity is Severity.WARNING for one in alone)
    assert all("which was not looked at" in one.cause for one in alone)
    assert of_rule("vip-taken", answers) == {}


def test_a_router_that_answers_for_all_is_told_from_a_second_owner() -> None:
    answers = recording("sound")
    for director in ("lvs1", "lvs2"):
        out, err, status = answers[director]["lan_answers"][0]
        answers[director]["lan_answers"] = [
            (re.sub(r"02:00:00:00:00:\w\w", "42:01:0a:00:00:01", out), err, status)
        ]
    found = of_rule("address-taken", answers)
    assert set(found) == {"lvs1", "lvs2", "rs1", "rs2"}
    assert all("a router answers for it, as clouds do" in one.cause for one in found.values())


def test_a_host_that_takes_less_itself_is_not_in_the_way_of_others() -> None:
    answers = recording("sound")
    for name in ("lvs1", "lvs2"):
        text = json.dumps({"mtu": 9000, "words": ["all", "all", "small"]})
        answers[name]["path_sizes"] = [(text, "", 0)]
    assert of_rule("path-mtu", answers) == {}


def test_a_share_that_is_slow_for_all_is_the_file_servers_matter() -> None:
    answers = recording("sound")
    said("share_speed", "0 1000000000 3500000000\n", "rs1", "rs2")(answers)
    assert all("the disk of nas1" in one.fix for one in of_rule("outputs-slow", answers).values())
    said("share_speed", "0 1000000000 1100000000\n", "rs2")(answers)
    assert "compare it with other nodes" in of_rule("outputs-slow", answers)["rs1"].fix


def test_what_kube_proxy_made_is_named() -> None:
    answers = recording("sound")
    said("virtual_services", _IPVS.format(address="0A600001"), "lvs1")(answers)
    out = answers["lvs1"]["interfaces"][0][0].rstrip().removesuffix("]")
    kube = '{"ifname":"kube-ipvs0","link_type":"ether","address":"aa:bb:cc:dd:ee:ff","mtu":1500}'
    answers["lvs1"]["interfaces"] = [(f"{out},{kube}]", "", 0)]
    assert "kube-proxy" in of_rule("ipvs-owner", answers)["lvs1"].cause


def test_an_old_kernel_without_its_modules_has_to_be_left() -> None:
    answers = recording("sound")
    said("scheduler_modules", "kernel 6.1.0-1\nmissing ip_vs_rr\n", "lvs1")(answers)
    found = of_rule("scheduler-module", answers)["lvs1"]
    assert "/lib/modules/6.1.0-1 is not there" in found.evidence and "reboot" in found.fix


def test_a_question_that_cannot_be_asked_is_told_and_costs_no_other() -> None:
    answers = recording("stranger-has-vip")
    answers["lvs1"]["lan_answers"] = [("", "sh: 1: python3: not found\n", 127)]
    seen = examine(INVENTORY, replay(answers), NAMES)
    assert ("segment-apart", "lvs1", "sh: 1: python3: not found") in seen.unanswered
    assert any(one.rule == "vip-taken" for one in seen.findings)


def test_a_host_that_cannot_be_reached_is_a_finding() -> None:
    answers = recording("sound")
    del answers["rs2"]
    found = diagnosed(answers)
    assert (found[0].rule, found[0].host) == ("unreachable", "rs2")
    # Nobody is blamed for what only that host could tell.
    assert not [one for one in found if one.host == "rs2"][1:]


def test_without_storage_nobody_asks_for_it() -> None:
    inventory = varied(storage=None)
    answers = recording("sound")
    del answers["nas1"]
    said("mounts", _MOUNT.format(source="10.99.0.99:/old", options="hard"), "rs2")(answers)
    assert set(of_rule("outputs-mount", answers)) == {"rs2"}
    assert of_rule("outputs-mount", answers, inventory) == {}


def test_a_director_that_cannot_ask_its_lan_says_so_and_blames_nobody() -> None:
    answers = recording("stranger-has-vip")
    said("vip_claims", "", "lvs1", "lvs2", status=127)(answers)
    found = of_rule("vip-taken", answers)
    assert set(found) == {"lvs1", "lvs2"}
    assert all("could not ask its LAN" in one.evidence for one in found.values())
    assert all(one.severity is Severity.WARNING for one in found.values())
