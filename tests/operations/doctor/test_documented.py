"""docs/doctor.md has a heading for every rule, under which something stands."""

import re
from pathlib import Path

from provisioning.cli.views.findings import PAGE
from provisioning.operations.doctor.registry import ALL_IDS
from tests.test_links import anchors

_ROOT = Path(__file__).resolve().parents[3]
_PAGE = _ROOT / PAGE


def test_rules_and_headings_are_the_same() -> None:
    sections = re.split(r"^### ", _PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]
    titles = [section.partition("\n")[0] for section in sections]
    assert sorted(titles) == sorted(ALL_IDS)
    assert len(set(ALL_IDS)) == len(ALL_IDS)
    assert all(len(section.split()) > 10 for section in sections)


_ALERTS = {
    "ClockWrong": {"clock-unkept"},
    "DiskFull": {"disk-full"},
    "GpuMissing": {"requirement"},
    "HostDown": {"access", "sshd-startups"},
    "KeepalivedDown": {"keepalived-twice", "scheduler-module"},
    "MemoryShort": {"memory-short"},
    "MeshBroken": {"port-blocked"},
    "NoMaster": {"vrid-taken"},
    "NoRealServerLeft": {"port-blocked", "ipvs-owner"},
    "NodeDown": {"port-taken", "memory-short"},
    "OutputsSpooled": {"outputs-mount", "outputs-slow", "port-blocked"},
    "RealServerMissing": {"port-blocked", "segment-apart", "path-mtu"},
    "RepliesThroughDirector": {"gateway-is-director", "ipvs-owner"},
    "TwoMasters": {"vrrp-dropped", "multicast-lost", "segment-apart"},
    "VipUnreachable": {"vip-taken", "vip-answered", "arp-announcement-lost"},
    "VrrpFault": {"networkd-takes-vip", "networkmanager-takes-vip"},
    "VrrpFlaps": {"vrid-taken"},
}
"""Rules that may know the cause, by the alert; or the heading over them."""


def test_runbooks_point_to_the_rules_that_may_know_more() -> None:
    for path in (_ROOT / "docs" / "runbooks").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        pointed = set(re.findall(r"\(\.\./doctor\.md#([\w-]+)\)", text))
        assert pointed == _ALERTS.get(path.stem, set()), path.stem
        assert ("`cluster doctor" in text) == bool(pointed), path.stem
    assert set().union(*_ALERTS.values()) <= {*ALL_IDS, "access"}


def test_what_a_finding_links_to_is_an_anchor() -> None:
    assert set(ALL_IDS) <= anchors(_PAGE)
