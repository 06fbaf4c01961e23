"""Hosts by names, groups, labels, patterns and ranges, and what is said where none is meant."""

from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.model.labels import labels_of
from provisioning.model.loader.load import parse_inventory
from provisioning.operations.cluster.selection import UnknownHostError, select

_TEXT = """\
vip: 10.0.0.5
directors:
  labels: {rack: r1}
  hosts: {lvs1: 10.0.0.11, lvs2: {address: 10.0.0.12, labels: {rack: r2}}}
real_servers:
  labels: {gpu: a100, rack: r3}
  hosts:
    rs[01:03]: {address: 10.0.0.21, labels: {rack: r1}}
    rs[04:06]: {address: 10.0.0.24, labels: {rack: 2, gpu: l40s}}
    big: 10.0.0.30
"""


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return parse_inventory(_TEXT, Path("inventory.yaml")).inventory


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ((), "lvs1 lvs2 rs01 rs02 rs03 rs04 rs05 rs06 big"),
        (("all",), "lvs1 lvs2 rs01 rs02 rs03 rs04 rs05 rs06 big"),
        (("directors,rs02",), "lvs1 lvs2 rs02"),
        (("rs02", "big,lvs2"), "lvs2 rs02 big"),
        (("rs*",), "rs01 rs02 rs03 rs04 rs05 rs06"),
        (("rs0[2-3,5],big",), "rs02 rs03 rs05 big"),
        (("rs[02:03]",), "rs02 rs03"),
        (("rack=r1",), "lvs1 rs01 rs02 rs03"),
        (("rack=2",), "rs04 rs05 rs06"),
        (("rack=r[2-3]",), "lvs2 big"),
        (("gpu=a*",), "rs01 rs02 rs03 big"),
        (("!rs01",), "lvs1 lvs2 rs02 rs03 rs04 rs05 rs06 big"),
        (("all,!real_servers",), "lvs1 lvs2"),
        (("!directors", "!rack=r1"), "rs04 rs05 rs06 big"),
        (("!rs*,real_servers",), "big"),
        (("real_servers,!rs0[1-5]",), "rs06 big"),
    ],
)
def test_patterns_choose_in_the_inventorys_order(
    inventory: Inventory, patterns: tuple[str, ...], names: str
) -> None:
    assert select(inventory, patterns) == names.split()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("rs1", r"no host or group 'rs1'; did you mean rs0\d"),
        ("real_server", "did you mean real_servers"),
        ("rs[05:08]", r"no host rs07, rs08 of 'rs\[05:08\]'"),
        ("rs[5:1]", "runs backwards"),
        ("x*", r"no host matches 'x\*'; hosts: lvs1"),
        ("rak=r1", "no host has a label 'rak'; did you mean rack"),
        ("zone=r1", "no host has a label 'zone'; there are rack, gpu"),
        ("rack=r9", "no host has rack=r9; there are r1, r2, 2, r3"),
        ("gpu=h100", "no host has gpu=h100; did you mean a100"),
        ("!rs07", "no host or group 'rs07'"),
        ("rs01,!rs*", r"rs01,!rs\* leaves no host"),
    ],
)
def test_a_wrong_choice_names_what_is_near(inventory: Inventory, pattern: str, said: str) -> None:
    with pytest.raises(UnknownHostError, match=said):
        select(inventory, (pattern,))


def test_where_nobody_has_labels_it_is_said_how_they_are_given() -> None:
    text = _TEXT.replace("labels:", "vars:")
    inventory = parse_inventory(text, Path("inventory.yaml")).inventory
    with pytest.raises(UnknownHostError, match=r"labels: \{rack: r1\} in the inventory"):
        select(inventory, ("rack=r1",))


def test_a_hosts_labels_are_over_its_groups(inventory: Inventory) -> None:
    assert labels_of(inventory, "rs01") == {"gpu": "a100", "rack": "r1"}
    assert labels_of(inventory, "rs05") == {"gpu": "l40s", "rack": "2"}
    assert labels_of(inventory, "big") == {"gpu": "a100", "rack": "r3"}
