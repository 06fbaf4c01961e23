"""Everything at once: mistakes of every kind in one file, and what stays readable of it."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import load_inventory, parse_inventory
from tests.model.marked import SMALLEST, diagnostics

_REPOSITORY = Path(__file__).parents[3]


def test_the_repositorys_inventory_has_nothing_wrong_with_it() -> None:
    assert not diagnostics((_REPOSITORY / "inventory.yaml").read_text(encoding="utf-8"))


def test_the_smallest_inventory_has_nothing_wrong_with_it() -> None:
    assert not diagnostics("\n".join(SMALLEST.values()))


def test_the_smallest_inventory_means_what_it_says() -> None:
    inventory = parse_inventory("\n".join(SMALLEST.values()), Path("inventory.yaml")).inventory
    assert list(inventory.directors.hosts) == ["lvs1", "lvs2"]
    assert inventory.real_servers.hosts["rs2"].address == ip_address("192.168.1.102")
    assert inventory.services[0].port == 7860


def test_mistakes_of_every_kind_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
vip: 192.168.1.101
interfce: eth0
vrrp:
  version: 2
  version: 2
  advert_interval: 0.5
  priority: 100
directors:
  hosts:
    lvs1: 192.168.1.11
    lvs2: 192.168.1.299
real_servers:
  hosts:
    rs1: 192.168.1.101
    rs2: 192.168.1.101
services:
  - {name: web, port: x}
  - {name: web, port: 8000, quorum: 9}
"""
    assert [(p.line, p.key, p.message.split(":")[0].split(";")[0]) for p in diagnostics(text)] == [
        (1, "vip", "192.168.1.101 is the address of the host rs1"),
        (2, "interfce", "unknown key"),
        (5, "vrrp.version", "written twice"),
        (7, "vrrp.priority", "unknown key"),
        (11, "directors.hosts.lvs2", "not an IP address"),
        (15, "real_servers.hosts.rs2", "192.168.1.101 is the address of rs1 too"),
        (17, "services[0].port", "a whole number is needed here"),
        (18, "services[1].name", "services[0] is called web too"),
        (18, "services[1].quorum", "more than the weight of all real servers, 2"),
    ]


def test_rules_that_rest_on_a_wrong_value_keep_silent() -> None:
    """One wrong address is one error: not also a lone director, a missing VIP, a lost subnet."""
    wrong = {**SMALLEST, "vip": "vip: 192.168.1.x", "directors": "directors: {hosts: {a: b, c: d}}"}
    assert [diagnostic.key for diagnostic in diagnostics("\n".join(wrong.values()))] == [
        "vip",
        "directors.hosts.a",
        "directors.hosts.c",
    ]


def test_list_places_stay_those_of_the_file_when_an_item_is_wrong() -> None:
    text = "\n".join(
        [
            *SMALLEST.values(),
            "services:",
            "  - web",
            "  - {name: a, port: 80, hysteresis: 4}",
        ]
    )
    assert [(diagnostic.line, diagnostic.key) for diagnostic in diagnostics(text)] == [
        (6, "services[0]"),
        (7, "services[1].hysteresis"),
    ]


def test_anchors_aliases_and_merges_work_as_in_ansible_files() -> None:
    text = """\
vip: 192.168.1.100
directors:
  hosts:
    lvs1: &director {address: 192.168.1.11, interface: eth1}
    lvs2: {<<: *director, address: 192.168.1.12}
real_servers: {hosts: {rs1: 192.168.1.101}}
"""
    hosts = parse_inventory(text, Path("inventory.yaml")).inventory.directors.hosts
    assert (str(hosts["lvs2"].address), hosts["lvs2"].interface) == ("192.168.1.12", "eth1")


def test_words_that_other_yaml_turns_into_something_else_stay_text() -> None:
    text = "\n".join(
        [
            *SMALLEST.values(),
            "name: no",
            "vars: {a: 2026-01-01, b: 22:30, c: 051, d: yes, e: 1.5, f: 3, g: true, 中文: 你好}",
        ]
    )
    inventory = parse_inventory(text, Path("inventory.yaml")).inventory
    assert inventory.name == "no"
    assert inventory.vars == {
        "a": "2026-01-01", "b": "22:30", "c": "051", "d": "yes", "e": 1.5, "f": 3, "g": True,
        "中文": "你好",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["yes", "on", "True", "true"])
def test_yes_and_on_are_true_where_true_or_false_belongs(word: str) -> None:
    text = "\n".join([*SMALLEST.values(), f"vrrp: {{preempt: {word}, preempt_delay: 60}}"])
    assert parse_inventory(text, Path("inventory.yaml")).inventory.vrrp.preempt is True


def test_paths_start_at_the_inventorys_folder(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "key").touch(mode=0o600)
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "\n".join([*SMALLEST.values(), "templates: own", "ssh: {key_file: key}"]), encoding="utf-8"
    )
    inventory = load_inventory(path)
    assert inventory.templates == tmp_path / "own"
    assert inventory.ssh.key_file == tmp_path / "key"


def test_a_warning_alone_does_not_stop_anything() -> None:
    text = "\n".join([*SMALLEST.values(), "vrrp: {preempt_delay: 5}"])
    reading = parse_inventory(text, Path("inventory.yaml"))
    assert [diagnostic.severity for diagnostic in reading.warnings] == ["warning"]


def test_errors_come_with_the_warnings_beside_them() -> None:
    text = "\n".join([*SMALLEST.values(), "vrrp: {preempt_delay: 5}", "forks: 0"])
    with pytest.raises(InventoryError) as raised:
        parse_inventory(text, Path("inventory.yaml"))
    assert [diagnostic.severity for diagnostic in raised.value.diagnostics] == ["warning", "error"]
    assert "inventory.yaml:6:8: error: forks: too small" in str(raised.value)
