"""The proof that nothing else answers, from a client beside a host with real rules."""

import os
import subprocess
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from provisioning.facts.lan.tcp_scan import Accepted, Place, tcp_scan
from provisioning.model.inventory import Inventory
from provisioning.operations.verify.check import CheckResult
from provisioning.operations.verify.client_report import ClientReport
from provisioning.operations.verify.closed_ports import check_closed, places_to_scan
from provisioning.resources.base import Observation
from tests.roles.firewall_site import Site, site

_VIP, _LVS, _RS, _CLIENT = "10.0.0.100", "10.0.0.11", "10.0.0.21", "10.0.0.9"
_INVENTORY = {
    "vip": _VIP,
    "directors": {"hosts": {"lvs1": _LVS, "lvs2": "10.0.0.12"}},
    "real_servers": {"hosts": {"rs1": _RS, "rs2": "10.0.0.22"}},
    "storage": {"hosts": {"nas1": "10.0.0.31"}},
    "firewall": {"ssh_from": ["10.0.0.8/31"]},
}
_RULES = """\
table inet cosyvoice {
    chain input {
        type filter hook input priority filter; policy drop;
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        tcp dport 22 accept
    }
}
"""


def inventory(**more: object) -> Inventory:
    return Inventory.model_validate({**_INVENTORY, **more})


def checked(*accepted: tuple[str, int, str], **more: object) -> list[CheckResult]:
    found = [Accepted(ip_address(a), port, ip_address(source)) for a, port, source in accepted]
    return check_closed(inventory(**more), ClientReport(accepted=tuple(found)))


def test_without_a_firewall_nothing_is_tried_or_said() -> None:
    assert places_to_scan(inventory(firewall=None)) == []
    assert checked(firewall=None) == []


def test_every_port_of_every_role_is_tried_at_every_address() -> None:
    tried = {(str(address), port) for address, port in places_to_scan(inventory())}
    addresses = (_VIP, _LVS, "10.0.0.12", _RS, "10.0.0.22", "10.0.0.31")
    every = {(one, port) for one in addresses for port in (22, 111, 2049, 7859, 7860)}
    # What is for everybody is asked for by HTTP, and counted.
    assert tried == every - {(_VIP, 7860)}
    anywhere = places_to_scan(inventory(firewall={}))
    assert not [place for place in anywhere if place[1] == 22]


def test_who_may_ask_may_be_answered() -> None:
    accepted = [(_LVS, 22, _CLIENT), (_VIP, 22, _CLIENT), (_RS, 7860, _LVS), (_RS, 2049, _RS)]
    (result,) = checked(*accepted)
    assert result.ok and result.evidence == "29 ports of 6 addresses were tried"


@pytest.mark.parametrize(
    ("accepted", "evidence"),
    [
        ((_RS, 7860, _CLIENT), f"{_RS}:7860 (rs1) answers {_CLIENT}"),
        ((_LVS, 22, "10.0.0.7"), f"{_LVS}:22 (lvs1) answers 10.0.0.7"),
        ((_VIP, 111, _CLIENT), f"{_VIP}:111 (lvs1 or lvs2) answers {_CLIENT}"),
        (("10.0.0.31", 2049, _CLIENT), f"10.0.0.31:2049 (nas1) answers {_CLIENT}"),
    ],
)
def test_what_answers_somebody_else_is_named(accepted: tuple[str, int, str], evidence: str) -> None:
    (result,) = checked(accepted)
    assert (result.ok, result.evidence) == (False, evidence)
    assert result.fix


def scanned(place: Site, places: Sequence[Place]) -> set[tuple[str, int, str]]:
    fact = tcp_scan(places, patience=0.5)
    done = subprocess.run(
        place.client.argv("sh"), input=fact.fragment, capture_output=True, text=True, check=False
    )
    found = fact.parse(Observation(done.stdout, done.stderr, done.returncode))
    return {(str(one.address), one.port, str(one.source)) for one in found}


@pytest.mark.skipif(os.geteuid() != 0, reason="makes networks")
def test_the_scan_sees_what_accepts_and_from_where() -> None:
    places: list[Place] = [(ip_address(one), 22) for one in (_LVS, "fd00::1")]
    # One where nothing listens, one without a way there, more than are tried at once.
    places += [(ip_address(_LVS), 111), (ip_address("192.0.2.1"), 22)]
    places += [(ip_address(_LVS), port) for port in range(9000, 9400)]
    both = {(_LVS, 22, _CLIENT), ("fd00::1", 22, "fd00::9")}
    listened = [(_LVS, 22), ("fd00::1", 22), (_LVS, 9399)]
    with site([_LVS, "fd00::1"], [_CLIENT, "fd00::9"]) as place, place.listening(listened):
        assert scanned(place, places) == {*both, (_LVS, 9399, _CLIENT)}
        place.load(_RULES)
        assert scanned(place, places) == both
