"""The VIPs are bound where they belong: by Keepalived on a director, on lo of a real server."""

from collections.abc import Iterator

from ....facts.fact import View
from ....facts.keepalived import KEEPALIVED_RUNS
from ....facts.lan.arp_settings import ArpSettings, arp_settings
from ....facts.lan.interfaces import INTERFACES, Interfaces
from ....model.derived.resolve import interface_of
from ....model.inventory import Inventory
from ..finding import Finding, on_host
from ..rule import Rule, Seen, asking


def _static_view(inventory: Inventory, name: str) -> View[tuple[Interfaces, bool]]:
    """Interfaces, and whether a Keepalived may have put a VIP there."""
    if name not in inventory.directors.hosts:
        return View((INTERFACES,), lambda seen: (seen[INTERFACES], False))
    facts = (INTERFACES, KEEPALIVED_RUNS)
    return View(facts, lambda seen: (seen[INTERFACES], seen[KEEPALIVED_RUNS]))


def _static(seen: Seen[tuple[Interfaces, bool]]) -> Iterator[Finding]:
    vips = [vip.address.ip for vip in seen.inventory.virtual_ips]
    for name, (interfaces, keepalived) in seen.hosts.items():
        idle = ", and no Keepalived runs" if name in seen.inventory.directors.hosts else ""
        for bound in (one for vip in vips for one in interfaces.holding(vip)):
            if bound.interface == "lo" or keepalived:
                continue
            address = f"{bound.address}/{bound.prefix}"
            command = ("ip", "address", "del", address, "dev", bound.interface)
            yield Finding(
                host=name,
                evidence=f"{address} is on {bound.interface}{idle}",
                cause="it answers for the VIP whoever is master; an address that is written in"
                " the network's configuration comes back at every boot",
                fix=f"{on_host(name, *command)}, and take it out of that configuration",
            )


def _silent_view(inventory: Inventory, name: str) -> View[tuple[Interfaces, ArpSettings]] | None:
    if name not in inventory.real_servers.hosts:
        return None
    arp = arp_settings(interface_of(inventory, name))
    return View((INTERFACES, arp), lambda seen: (seen[INTERFACES], seen[arp]))


def _silent(seen: Seen[tuple[Interfaces, ArpSettings]]) -> Iterator[Finding]:
    vips = [vip.address.ip for vip in seen.inventory.virtual_ips if vip.address.version == 4]
    for name, (interfaces, arp) in seen.hosts.items():
        if not any(interfaces.on_lo(vip) for vip in vips):
            continue
        for key, now, wanted in (
            ("arp_ignore", arp.ignore, (1, 2, 3, 8)),
            ("arp_announce", arp.announce, (2,)),
        ):
            if now is None or now in wanted:
                continue
            command = ("sysctl", "-w", f"net/ipv4/conf/all/{key}={wanted[0]}")
            yield Finding(
                host=name,
                evidence=f"the VIP is on lo and {key} is {now}",
                cause="it answers ARP for the VIP, or asks with it as its own address, and clients"
                " are sent past the directors",
                fix=f"{on_host(name, *command)} sets it now, `cluster deploy` for good",
                mend=command,
            )


def _wide(seen: Seen[Interfaces]) -> Iterator[Finding]:
    vips = [vip.address.ip for vip in seen.inventory.virtual_ips]
    for name, interfaces in seen.hosts.items():
        for bound in (one for vip in vips for one in interfaces.holding(vip)):
            whole = bound.address.max_prefixlen
            if bound.interface != "lo" or bound.prefix == whole:
                continue
            address = f"{bound.address}/{bound.prefix}"
            off = on_host(name, "ip", "address", "del", address, "dev", "lo")
            yield Finding(
                host=name,
                evidence=f"{address} is on lo",
                cause="on lo the whole subnet becomes the host's own: it answers itself instead of"
                " its neighbours",
                fix=f"{off} takes it off; `cluster deploy` binds it as /{whole}",
            )


VIP_STATIC = Rule("vip-static", _static_view, _static)
VIP_NOT_SILENT = Rule("vip-not-silent", _silent_view, _silent)
VIP_ON_LO_WIDE = Rule(
    "vip-on-lo-wide", asking(lambda _inventory, _name: INTERFACES, "real_servers"), _wide
)
