"""Faults of a network, found on a real one."""

import os

import pytest

from provisioning.operations.doctor.examination import examine
from provisioning.operations.doctor.registry import RULES
from tests.operations.doctor.namespaces import FAULTS, INVENTORY, lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
_IDS = {
    "vip-taken",
    "vrid-taken",
    "vip-static",
    "segment-apart",
    "address-taken",
    "port-blocked",
    "mtu",
    "gateway-is-director",
}


def test_what_is_wrong_on_a_lan_is_found_and_no_more() -> None:
    rules = [one for one in RULES if one.id in _IDS]
    names = ["lvs1", "lvs2", "rs1", "rs2"]
    faults = {**FAULTS["stranger-has-vip"], "rs1": FAULTS["dropped"]["rs1"]}
    with lab() as made:
        for name, text in faults.items():
            made.sh(name, text)
        made.sh("rs2", "ip link set eth0 mtu 1400")
        with made.speaker():
            found = examine(INVENTORY, made.fleet(), names, rules)
    assert found.unanswered == ()
    assert {(one.rule, one.host) for one in found.findings} == {
        ("vip-taken", ""),
        ("vrid-taken", ""),
        ("port-blocked", "rs1"),
        ("mtu", "rs2"),
    }
