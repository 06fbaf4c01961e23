"""A host's address is its own."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from .finding import Context, Finding
from .places import Address, addresses, hosts, vips

_THIS_NETWORK = IPv4Network("0.0.0.0/8")


def distinct(context: Context) -> Iterator[Finding]:
    """No two hosts have the same address."""
    first: dict[Address, tuple[str, tuple[str | int, ...]]] = {}
    for path, name, address in addresses(context.inventory):
        owner, owner_path = first.setdefault(address, (name, path))
        if owner != name:
            yield Finding(
                path,
                f"{address} is the address of {owner} too",
                "give each host its own; a host with two roles has one name in both groups",
                also=(owner_path,),
            )


def same_in_every_group(context: Context) -> Iterator[Finding]:
    """A name stands for one machine."""
    first: dict[str, tuple[str, Address, tuple[str | int, ...]]] = {}
    for path, group, name, host in hosts(context.inventory):
        if name not in first:
            first[name] = (group, host.address, path)
        elif first[name][1] != host.address:
            other, address, other_path = first[name]
            yield Finding(
                (*path, "address"),
                f"{name} has {host.address} here and {address} in {other}",
                "give two machines two names, or one machine one address",
                also=((*other_path, "address"),),
            )


def usable(context: Context) -> Iterator[Finding]:
    """It can be reached from another machine."""
    for path, _, address in addresses(context.inventory):
        if kind := _special(address):
            yield Finding(
                path,
                f"{kind} is no host's on a network",
                "write the host's address on the cluster's network; where SSH takes another way, "
                "say so in ssh: {host: …, port: …}",
            )
    for path, _, address in addresses(context.inventory):
        for vip_path, vip in vips(context.inventory):
            network = vip.address.network
            if not isinstance(network, IPv4Network) or network.prefixlen > 30:
                continue
            ends = {
                network.network_address: "the network's own address",
                network.broadcast_address: "the broadcast address",
            }
            if isinstance(address, IPv4Address) and address in ends:
                yield Finding(
                    path,
                    f"{ends[address]} of the VIP's subnet {network}",
                    "write the host's own address, or correct the VIP's length",
                    also=(vip_path,),
                )


def _special(address: Address) -> str | None:
    kinds = {
        "a loopback address": address.is_loopback,
        "an unspecified address": address.is_unspecified,
        "a multicast address": address.is_multicast,
        "a link-local address": address.is_link_local,
        "a reserved address": isinstance(address, IPv4Address)
        and (address.is_reserved or address in _THIS_NETWORK),
    }
    return next((kind for kind, is_one in kinds.items() if is_one), None)
