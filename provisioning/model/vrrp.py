"""VRRP: who owns the virtual IP (keepalived.conf(5), RFC 5798)."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .address import IPInterface
from .base import Interface, Name, Part, Seconds, Whole
from .command import Command
from .secrets.secret import Secret

Vrid = Annotated[Whole, Field(ge=1, le=255)]


class VirtualIP(Part):
    """An address that moves between the directors. ``vip: 192.0.2.1`` is short for its address."""

    address: IPInterface
    """``192.0.2.100`` or ``192.0.2.100/24``; without a length it is bound as a host address."""
    interface: Interface | None = None
    """Default: the directors' interface."""
    virtual_router_id: Vrid | None = None
    """Default: ``vrrp.virtual_router_id``, one more for each VIP that follows."""


def _address_only(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


VirtualIPEntry = Annotated[
    VirtualIP,
    BeforeValidator(_address_only, json_schema_input_type=IPInterface | VirtualIP),
]


class Garp(Part):
    """Gratuitous ARP (or unsolicited neighbour advertisement) by which the LAN learns the owner."""

    master_delay: Annotated[Whole, Field(ge=0, le=3600)] = 1
    """Seconds after becoming master until the second burst (vrrp garp_master_delay)."""
    master_repeat: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Packets in each of the bursts after becoming master."""
    master_refresh: Annotated[Whole, Field(ge=0, le=3600)] = 1
    """Seconds between refreshes while master. After a split the LAN may believe the wrong owner for
    that long; 0 is never, which leaves it so."""
    master_refresh_repeat: Annotated[Whole, Field(ge=1, le=3600)] = 1
    """Packets in each refresh."""
    lower_priority_delay: Annotated[Whole, Field(ge=0, le=3600)] = 1
    """Seconds until the burst sent when a lower-priority master is heard (after a split)."""
    lower_priority_repeat: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Packets in that burst."""


class TrackScript(Part):
    """A check of the director itself; while it fails the director lowers its priority or yields."""

    name: Name
    """Distinct; seen in Keepalived's log."""
    command: Command
    """Absolute path of a root-owned script and its arguments."""
    interval: Annotated[Whole, Field(ge=1, le=3600)] = 2
    """Seconds between runs."""
    timeout: Annotated[Whole, Field(ge=1, le=3600)] = 2
    """Seconds after which a run counts as failed."""
    rise: Annotated[Whole, Field(ge=1, le=3600)] = 2
    """Successes in a row until it counts as up."""
    fall: Annotated[Whole, Field(ge=1, le=3600)] = 2
    """Failures in a row until it counts as down."""
    weight: Annotated[Whole, Field(ge=-253, le=253)] = 0
    """0: failing means FAULT; otherwise the priority moves by it."""


class Vrrp(Part):
    """Settings of every VRRP instance."""

    version: Literal[2, 3] = 3
    """3 has no authentication and needs no whole seconds; IPv6 VIPs need it."""
    advert_interval: Seconds = 1.0
    """Seconds; version 3 goes down to 0.01, version 2 takes whole seconds only."""
    virtual_router_id: Vrid = 51
    """VRID of the first VIP; must be free on the LAN."""
    preempt: bool = False
    """True where a returning director of higher priority takes the VIP back."""
    preempt_delay: Annotated[Whole, Field(ge=0, le=1000)] = 0
    """Seconds a returning director waits first; its IPVS table is empty at that time."""
    unicast: bool = False
    """Adverts to the other directors' addresses instead of multicast (clouds, odd switches)."""
    auth_pass: Secret | None = None
    """Version 2 only, at most 8 characters; a guard against mis-wiring, not security."""
    garp: Garp = Garp()
    """Announcements that tell the LAN who owns the VIP."""
    track_scripts: list[TrackScript] = []
    """Checks of the directors themselves."""
    notify: Command | None = None
    """Absolute path of your own script; called after ours with TYPE NAME STATE PRIORITY."""
    sync_group: bool = True
    """Several VIPs move together."""
    rt_priority: Annotated[Whole, Field(ge=1, le=99)] | None = None
    """Real-time priority of the VRRP process on busy directors."""
