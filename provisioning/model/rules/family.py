"""A VIP is served by addresses of its family: direct routing changes the MAC, not the packet."""

from collections.abc import Iterator

from ..derived.resolve import is_ipv4
from .finding import Context, Finding
from .places import hosts, vips


def addresses(context: Context) -> Iterator[Finding]:
    """Directors and real servers have an address of every VIP's family."""
    families = {4 if is_ipv4(vip) else 6: (path, vip) for path, vip in vips(context.inventory)}
    for path, group, name, host in hosts(context.inventory):
        if group not in ("directors", "real_servers"):
            continue
        own = {host.address.version} | ({6} if host.address6 else set())
        for family, (vip_path, vip) in families.items():
            if family in own:
                continue
            key = "address6" if family == 6 else "address"
            yield Finding(
                path,
                f"{name} has no IPv{family} address for the VIP {vip.address.ip}",
                f"add {key}: with its IPv{family} address"
                + ("" if family == 6 else ", and move the IPv6 one to address6"),
                str(host.address),
                also=((*path, key), vip_path),
            )


def vrrp_version(context: Context) -> Iterator[Finding]:
    """IPv6 needs VRRP version 3 (RFC 5798; version 2, RFC 3768, is IPv4 only)."""
    if context.inventory.vrrp.version == 2:
        for path, vip in vips(context.inventory):
            if not is_ipv4(vip):
                yield Finding(
                    ("vrrp", "version"),
                    f"VRRP version 2 cannot carry the IPv6 VIP {vip.address.ip}",
                    "write version: 3",
                    also=(path,),
                )
