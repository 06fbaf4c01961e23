"""A host's address is its own."""

from collections.abc import Iterator

from provisioning.model.rules.finding import Context, Finding
from provisioning.model.rules.places import Address, addresses, hosts


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
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            kind = (
                "loopback"
                if address.is_loopback
                else "multicast"
                if address.is_multicast
                else "unspecified"
            )
            yield Finding(
                path,
                f"a {kind} address is no host's on a network",
                "write the host's address on the cluster's network; where SSH takes another way, "
                "say so in ssh: {host: …, port: …}",
            )
