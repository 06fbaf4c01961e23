"""Rules for what tells VRRP's routers and instances apart: VRIDs and priorities."""

from collections.abc import Iterator

from ...derived.resolve import interface_of, is_ipv4, priority_of, virtual_router_id_of
from ...key_path import KeyPath
from ..finding import Context, Finding
from ..places import vips


def vrids(context: Context) -> Iterator[Finding]:
    """Distinct on one interface and of one family, and not past 255."""
    first: dict[object, tuple[KeyPath, object]] = {}
    inventory = context.inventory
    for path, vip in vips(inventory):
        vrid = virtual_router_id_of(inventory, vip)
        if vrid > 255:
            yield Finding(
                path,
                f"its VRID would be {vrid}: vrrp.virtual_router_id and its place in the list",
                "lower vrrp.virtual_router_id, or write virtual_router_id with this VIP",
                also=(("vrrp", "virtual_router_id"),),
            )
        # IPv4 and IPv6 adverts go to different groups (224.0.0.18, ff02::12).
        names = list(inventory.directors.hosts)
        interfaces = {vip.interface or interface_of(inventory, name) for name in names}
        keys = [(vrid, is_ipv4(vip), interface) for interface in sorted(interfaces)]
        found = [first.setdefault(key, (path, vip.address.ip)) for key in keys]
        # One VIP written twice is another mistake.
        if clash := next((one for one in found if one[1] != vip.address.ip), None):
            other_path, other = clash
            yield Finding(
                (*path, "virtual_router_id"),
                f"VRID {vrid} is the one of the VIP {other} on the same interface",
                "give each VIP its own, or leave them out",
                str(vrid),
                also=(other_path, ("vrrp", "virtual_router_id")),
            )


def priorities(context: Context) -> Iterator[Finding]:
    """Distinct, so that the addresses need not decide who is master."""
    first: dict[int, str] = {}
    for name in context.inventory.directors.hosts:
        path = ("directors", "hosts", name, "priority")
        priority = priority_of(context.inventory, name)
        if priority < 1:
            yield Finding(
                path,
                f"so many directors leave {name} no priority: {priority}",
                "write each director's priority, from 254 down",
            )
        elif priority in first:
            yield Finding(
                path,
                f"priority {priority} is the one of {first[priority]} too",
                "give each director its own; the highest is the first choice for master",
                also=(("directors", "hosts", first[priority], "priority"),),
            )
        first.setdefault(priority, name)
