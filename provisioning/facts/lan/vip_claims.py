"""Machines that claim a VIP or its VRID on the LAN, as a director sees them. Pure but for reading
package data."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from ...model.address import IPAddress
from ...model.derived.resolve import (
    address_for,
    all_hosts,
    edge_router_id,
    interface_of,
    virtual_router_id_of,
)
from ...model.inventory import Inventory
from ...model.vrrp import VirtualIP
from ...resources.base import Observation
from ..fact import Fact
from ..probe import ProbeError, answer, python_probe

_LISTEN = 1.1
"""Seconds: a little more than the interval at which most of VRRP advertises."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A machine that advertises a VRID by VRRP."""

    vrid: int
    source: IPAddress
    priority: int
    addresses: tuple[IPAddress, ...]
    """Addresses that it advertises as its own."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims that a director saw; a host does not see itself."""

    owners: dict[IPAddress, dict[str, tuple[IPAddress, ...]]] = field(default_factory=dict)
    """For each VIP, the MAC addresses that answer for it, with what other addresses the machine
    was seen to have."""
    speakers: tuple[Speaker, ...] = ()
    problem: str = ""
    """Reason for which some or all could not be asked; empty otherwise."""


def vip_claims(inventory: Inventory, name: str) -> Fact[Claims]:
    """Claims that are heard on the LAN of a director."""
    wanted = [
        _wanted(inventory, name, vip, virtual_router_id_of(inventory, vip))
        for vip in inventory.virtual_ips
    ]
    return _fact(wanted)


def edge_vip_claims(inventory: Inventory, name: str) -> Fact[Claims]:
    """The same of an edge's LAN, for the edges' VIP."""
    edges = inventory.edges
    assert edges is not None
    return _fact([_wanted(inventory, name, edges.vip, edge_router_id(inventory, edges))])


def _wanted(inventory: Inventory, name: str, vip: VirtualIP, vrid: int) -> dict[str, object]:
    host = all_hosts(inventory)[name]
    return {
        "address": str(vip.address.ip),
        "device": vip.interface or interface_of(inventory, name),
        "source": str(address_for(host, vip.address.ip) or host.address),
        "vrid": vrid,
    }


def _fact(wanted: list[dict[str, object]]) -> Fact[Claims]:
    probe = python_probe("claims", {"seconds": _LISTEN, "wanted": wanted})
    return Fact("vip_claims", probe, _claims)


def _claims(found: Observation) -> Claims:
    try:
        said = answer(found)
    except ProbeError as error:
        return Claims(problem=f"the probe did not run: {error}; it needs python3 there")
    return Claims(
        owners={
            ip_address(address): {
                mac: tuple(map(ip_address, others)) for mac, others in macs.items()
            }
            for address, macs in said["owners"].items()
        },
        speakers=tuple(
            Speaker(
                one["vrid"],
                ip_address(one["source"]),
                one["priority"],
                tuple(map(ip_address, one["addresses"])),
            )
            for one in said["speakers"]
        ),
        problem=said["problem"],
    )
