"""VRRP: who owns the virtual IP (keepalived.conf(5), RFC 5798)."""

from ipaddress import IPv4Interface, IPv6Interface
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from provisioning.model.base import Name, Part, Seconds
from provisioning.model.secret import Secret

Vrid = Annotated[int, Field(ge=1, le=255)]


class VirtualIP(Part):
    """An address that moves between the directors. ``vip: 192.0.2.1`` is short for its address."""

    address: IPv4Interface | IPv6Interface
    """``192.0.2.100`` or ``192.0.2.100/24``; without a length it is bound as a host address."""
    interface: str | None = None
    virtual_router_id: Vrid | None = None
    """Default: ``vrrp.virtual_router_id``, one more for each VIP that follows."""


def _address_only(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


VirtualIPEntry = Annotated[
    VirtualIP,
    BeforeValidator(_address_only, json_schema_input_type=str | VirtualIP),
]


class Garp(Part):
    """Gratuitous ARP (or unsolicited neighbour advertisement) by which the LAN learns the owner."""

    master_delay: Annotated[int, Field(ge=0)] = 1
    """Seconds after becoming master until the second burst (vrrp garp_master_delay)."""
    master_repeat: Annotated[int, Field(ge=1)] = 5
    master_refresh: Annotated[int, Field(ge=0)] = 60
    """Seconds between refreshes while master; 0 is never, which leaves stale caches for ever."""
    master_refresh_repeat: Annotated[int, Field(ge=1)] = 2
    lower_priority_delay: Annotated[int, Field(ge=0)] = 1
    """Seconds until the burst sent when a lower-priority master is heard (after a split)."""
    lower_priority_repeat: Annotated[int, Field(ge=1)] = 5


class TrackScript(Part):
    """A check of the director itself; while it fails the director lowers its priority or yields."""

    name: Name
    command: str
    """Absolute path of a root-owned script and its arguments."""
    interval: Annotated[int, Field(ge=1)] = 2
    timeout: Annotated[int, Field(ge=1)] = 2
    rise: Annotated[int, Field(ge=1)] = 2
    fall: Annotated[int, Field(ge=1)] = 2
    weight: Annotated[int, Field(ge=-253, le=253)] = 0
    """0: failing means FAULT; otherwise the priority moves by it."""


class Vrrp(Part):
    """Settings of every VRRP instance."""

    version: Literal[2, 3] = 3
    advert_interval: Seconds = 1.0
    """Seconds; version 3 goes down to 0.01, version 2 takes whole seconds only."""
    virtual_router_id: Vrid = 51
    """VRID of the first VIP; must be free on the LAN."""
    preempt: bool = False
    """Whether a returning director of higher priority takes the VIP back."""
    preempt_delay: Annotated[int, Field(ge=0, le=1000)] = 0
    """Seconds a returning director waits first; its IPVS table is empty at that time."""
    unicast: bool = False
    """Adverts to the other directors' addresses instead of multicast (clouds, odd switches)."""
    auth_pass: Secret | None = None
    """Version 2 only, at most 8 characters; a guard against mis-wiring, not security."""
    garp: Garp = Garp()
    track_scripts: list[TrackScript] = []
    notify: str | None = None
    """Absolute path of your own script; called after ours with TYPE NAME STATE PRIORITY."""
    sync_group: bool = True
    """Several VIPs move together."""
    rt_priority: Annotated[int, Field(ge=1, le=99)] | None = None
    """Real-time priority of the VRRP process on busy directors."""
