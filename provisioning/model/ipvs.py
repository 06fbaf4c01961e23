"""IPVS settings of the directors."""

from typing import Annotated

from pydantic import Field

from .base import Interface, Part, Whole

Timeout = Annotated[Whole, Field(ge=1, le=31 * 86400)]


class Timeouts(Part):
    """Seconds an idle entry stays in the connection table (ipvsadm(8) --set)."""

    tcp: Timeout = 7200
    """Must outlast the longest silent upload or stream."""
    tcpfin: Timeout = 120
    """After the client closed."""
    udp: Timeout = 300
    """UDP entries."""


class SyncDaemon(Part):
    """Connection table replication from master to backup (lvs_sync_daemon)."""

    id: Annotated[Whole, Field(ge=0, le=255)] | None = None
    """Default: the first VIP's VRID."""
    interface: Interface | None = None
    """Default: the directors' interface."""


class Ipvs(Part):
    """The kernel's side."""

    sync_daemon: SyncDaemon | None = SyncDaemon()
    """``null`` turns it off; then established connections do not survive a switch-over."""
    flush: bool = True
    """Clear the table when Keepalived starts (lvs_flush); wipes other owners' services too."""
    timeouts: Timeouts = Timeouts()
    """Times after which idle entries leave the connection table."""
    sysctls: dict[str, Whole | str] = {}
    """net.ipv4.vs.* by their last name, over the defaults."""
