"""The virtual IPs of this host: whether they are its own, as they must be for what directors send
here, and whether a request came by one."""

import socket
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import Scope

IPAddress = IPv4Address | IPv6Address
_ANY_PORT = 9


def not_here(addresses: Iterable[IPAddress]) -> str:
    """Name the addresses that the kernel does not take for its own, as a reason; empty where none
    is missing. A few system calls each."""
    missing = [str(address) for address in addresses if not is_here(address)]
    return f"not bound on this host: {', '.join(missing)}" if missing else ""


def asked_at(scope: Scope, addresses: Collection[IPAddress]) -> bool:
    """Tell whether a request's connection came to one of these addresses of this host."""
    own = (scope.get("server") or ("",))[0]
    try:
        found = ip_address(own.partition("%")[0])
    except ValueError:
        # A Unix socket's path, or nothing.
        return False
    # On a socket for both families, clients of IPv4 come to a mapped address.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found) in addresses


def is_here(address: IPAddress) -> bool:
    """Tell whether packets for an address would be delivered on this host.

    The way to an own address begins at that address. Nothing is sent. (To bind a socket to it
    would succeed for any address where the kernel allows that, as directors let it.)
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect((str(address), _ANY_PORT))
            return bool(way.getsockname()[0] == str(address))
    except OSError:
        return False
