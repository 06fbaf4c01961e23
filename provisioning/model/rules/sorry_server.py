"""The sorry server is a machine of its own that holds the VIP."""

from collections.abc import Iterator

from ..derived.resolve import is_ipv4
from .finding import Context, Finding, warning
from .places import addresses, vips


def sorry_server(context: Context) -> Iterator[Finding]:
    """Not the VIP, not a director, of the VIPs' family."""
    owners = {address: (name, path) for path, name, address in addresses(context.inventory)}
    for index, service in enumerate(context.inventory.services):
        address, path = service.sorry_server, ("services", index, "sorry_server")
        if address is None:
            continue
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            yield Finding(path, "no other machine's", "write the address of a machine of its own")
            continue
        name, owner = owners.get(address, ("", ()))
        for vip_path, vip in vips(context.inventory):
            if vip.address.ip == address:
                yield Finding(
                    path,
                    "this is the VIP: the director would send to itself",
                    "write the address of a machine that answers when all nodes are down",
                    also=(vip_path,),
                )
            elif is_ipv4(vip) != (address.version == 4):
                yield Finding(
                    path,
                    f"of another family than the VIP {vip.address.ip}; Keepalived would skip it",
                    "remove it, or keep to VIPs of one family",
                    also=(vip_path,),
                )
        if owner and owner[0] == "directors":
            yield Finding(
                path,
                f"this is the director {name}, which passes on and does not answer",
                "write the address of another machine",
                also=(owner,),
            )
        elif owner and owner[0] == "real_servers":
            yield warning(
                path,
                f"this is the real server {name}, which is down when it is needed",
                "write the address of another machine that holds the VIP on lo",
            )
