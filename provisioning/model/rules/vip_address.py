"""A VIP is an address that one director can own, and that no host has."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network

from ..derived.way_in import edges_alone
from ..key_path import KeyPath
from ..vrrp import VirtualIP
from .finding import Context, Finding, warning
from .places import Address, addresses, every_vip, vips

_FIX = "take a free address of the hosts' subnet"


def present(context: Context) -> Iterator[Finding]:
    """The directors have one; edges alone have their own."""
    inventory = context.inventory
    if inventory.virtual_ips or edges_alone(inventory):
        return
    fix = "write vip: and a free address of the hosts' subnet, such as vip: 192.168.1.100"
    if inventory.directors.hosts:
        fix += "; or remove directors, and have edges as the only way in (edges: {vip: …})"
    yield Finding(("vip",), "the cluster has no virtual IP", fix, also=(("vips",), ("edges",)))


def usable(context: Context) -> Iterator[Finding]:
    """It is a unicast address of a network, not a special one."""
    for path, vip in every_vip(context.inventory):
        if reason := _special(vip):
            yield Finding((*path, "address"), f"a VIP cannot be {reason}", _FIX)


def _special(vip: VirtualIP) -> str | None:
    address, network = vip.address.ip, vip.address.network
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_loopback:
        return "a loopback address: it never leaves the machine"
    if address.is_multicast:
        return "a multicast address"
    if address.is_link_local:
        return "a link-local address: it says nothing without an interface"
    if isinstance(address, IPv4Address):
        if address.is_reserved or address in ip_network("0.0.0.0/8"):
            return "a reserved address"
        if isinstance(network, IPv4Network) and network.prefixlen < 31:
            if address == network.network_address:
                return f"the network's own address ({network})"
            if address == network.broadcast_address:
                return f"the network's broadcast address ({network})"
    if network.prefixlen == 0:
        return "in a network of length 0: that is a default route"
    return None


def distinct(context: Context) -> Iterator[Finding]:
    """No VIP is written twice."""
    first: dict[object, str] = {}
    for path, vip in every_vip(context.inventory):
        place = f"vips[{path[1]}]" if path[0] == "vips" else ".".join(map(str, path))
        if vip.address.ip in first:
            yield Finding(
                (*path, "address"), f"the same VIP as {first[vip.address.ip]}", "keep one of them"
            )
        first.setdefault(vip.address.ip, place)


def not_a_hosts(context: Context) -> Iterator[Finding]:
    """No host has it as its own. ``keepalived -t`` takes a real server at the VIP without a word,
    and the cluster then talks to itself."""
    owners: dict[Address, tuple[KeyPath, str]] = {}
    for path, name, address in addresses(context.inventory):
        owners.setdefault(address, (path, name))
    for path, vip in every_vip(context.inventory):
        if vip.address.ip in owners:
            host_path, name = owners[vip.address.ip]
            yield Finding(
                (*path, "address"),
                f"{vip.address.ip} is the address of the host {name}",
                "take a free address: the VIP belongs to no machine",
                also=(host_path,),
            )


def in_hosts_subnet(context: Context) -> Iterator[Finding]:
    """With direct routing, directors and real servers share a segment, and a VIP with a length
    says which addresses are in it."""
    for path, vip in vips(context.inventory):
        address, network = vip.address.ip, vip.address.network
        near = [
            (host_path, name, own)
            for host_path, name, own in addresses(context.inventory)
            if own.version == address.version and host_path[0] in ("directors", "real_servers")
        ]
        if network.prefixlen < network.max_prefixlen:
            far = [one for one in near if one[2] not in network]
            if far:
                _, name, own = far[0]
                others = f" and {len(far) - 1} more hosts are" if len(far) > 1 else " is"
                yield Finding(
                    (*path, "address"),
                    f"{name} ({own}){others} not in the VIP's subnet {network}",
                    "correct the VIP, its length or the host; or leave the length off, if the "
                    "VIP is of another subnet on purpose",
                    also=tuple(host_path for host_path, _, _ in far),
                )
        elif isinstance(address, IPv4Address) and near:
            around = ip_network(f"{address}/24", strict=False)
            if not any(own in around for _, _, own in near):
                yield warning(
                    (*path, "address"),
                    f"no host is near it: none of them is in {around}",
                    f"correct it; or write its length, such as {address}/16, to have it checked",
                    None,
                    *(host_path for host_path, _, _ in near),
                )
