"""Settings of one host once host, group and inventory have been laid over each other."""

from pathlib import Path

from provisioning.model.derived.resolve import (
    all_hosts,
    connection_of,
    groups_of,
    interface_of,
    priority_of,
    service_manager_of,
    variables_of,
    virtual_router_id_of,
)
from provisioning.model.inventory import Inventory
from provisioning.model.loader.excerpt import dotted
from provisioning.model.loader.load import parse_inventory

_TEXT = """\
vips: [192.168.1.100, {address: 192.168.1.200, virtual_router_id: 9}]
interface: eth0
allow_colocated: true
ssh: {user: everyone, port: 22}
vars: {a: inventory, b: inventory, c: inventory}
directors:
  ssh: {user: director}
  interface: eth1
  vars: {b: group, c: group}
  hosts:
    lvs1: {address: 192.168.1.11, priority: 90, vars: {c: host}}
    both: {address: 192.168.1.12, interface: eth2, ssh: {port: 2222}}
real_servers:
  service_manager: supervisor
  hosts:
    rs1: 192.168.1.101
    both: 192.168.1.12
clients: {hosts: {laptop: 192.168.1.50}}
"""


def _inventory() -> Inventory:
    return parse_inventory(_TEXT, Path("inventory.yaml")).inventory


def test_hosts_come_once_in_the_order_of_the_groups() -> None:
    assert list(all_hosts(_inventory())) == ["lvs1", "both", "rs1", "laptop"]
    assert groups_of(_inventory(), "both") == ["directors", "real_servers"]


def test_the_host_goes_over_the_group_and_that_over_the_inventory() -> None:
    inventory = _inventory()
    assert [interface_of(inventory, name) for name in ("rs1", "lvs1", "both")] == [
        "eth0",
        "eth1",
        "eth2",
    ]
    assert variables_of(inventory, "lvs1") == {"a": "inventory", "b": "group", "c": "host"}
    assert service_manager_of(inventory, "rs1").value == "supervisor"
    assert service_manager_of(inventory, "laptop").value == "systemd"


def test_connections_are_laid_over_each_other_key_by_key() -> None:
    inventory = _inventory()
    both, rs1 = connection_of(inventory, "both"), connection_of(inventory, "rs1")
    assert (both.host, both.user, both.port) == ("192.168.1.12", "director", 2222)
    assert (rs1.host, rs1.user, rs1.port) == ("192.168.1.101", "everyone", 22)


def test_priorities_and_vrids_have_defaults_by_place() -> None:
    inventory = _inventory()
    assert [priority_of(inventory, name) for name in ("lvs1", "both")] == [90, 140]
    assert [virtual_router_id_of(inventory, vip) for vip in inventory.virtual_ips] == [51, 9]


def test_paths_are_written_as_they_are_typed() -> None:
    assert dotted(("services", 0, "persistence", "timeout")) == "services[0].persistence.timeout"
