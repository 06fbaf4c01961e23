"""The places where things stand in an inventory, for rules to point at."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from ..derived.resolve import groups
from ..hosts import Host
from ..inventory import Inventory
from ..key_path import KeyPath
from ..ssh import Connection
from ..vrrp import VirtualIP

Address = IPv4Address | IPv6Address


def vips(inventory: Inventory) -> Iterator[tuple[KeyPath, VirtualIP]]:
    """Every VIP of the directors with its path."""
    if inventory.vip is not None:
        yield ("vip",), inventory.vip
    for index, vip in enumerate(inventory.vips):
        yield ("vips", index), vip


def every_vip(inventory: Inventory) -> Iterator[tuple[KeyPath, VirtualIP]]:
    """The directors' VIPs, and that of the edges."""
    yield from vips(inventory)
    if inventory.edges is not None:
        yield ("edges", "vip"), inventory.edges.vip


def hosts(inventory: Inventory) -> Iterator[tuple[KeyPath, str, str, Host]]:
    """Every host with path, group and name; one in two groups comes twice."""
    for group, members in groups(inventory).items():
        for name, host in members.hosts.items():
            yield (group, "hosts", name), group, name, host


def addresses(inventory: Inventory) -> Iterator[tuple[KeyPath, str, Address]]:
    """Every address of every host, with path and the host's name."""
    for path, _, name, host in hosts(inventory):
        yield (*path, "address"), name, host.address
        if host.address6 is not None:
            yield (*path, "address6"), name, host.address6


def connections(inventory: Inventory) -> Iterator[tuple[KeyPath, Connection]]:
    """Every ``ssh`` block."""
    yield ("ssh",), inventory.ssh
    for group, members in groups(inventory).items():
        yield (group, "ssh"), members.ssh
    for path, _, _, host in hosts(inventory):
        yield (*path, "ssh"), host.ssh
