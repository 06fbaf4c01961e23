"""Check that the virtual IPs are this host's own, as they must be for what directors send here."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

IPAddress = IPv4Address | IPv6Address
_ANY_PORT = 9


def not_here(addresses: Iterable[IPAddress]) -> str:
    """Name the addresses that the kernel does not take for its own, as a reason; empty where none
    is missing. A few system calls each."""
    missing = [str(address) for address in addresses if not is_here(address)]
    return f"not bound on this host: {', '.join(missing)}" if missing else ""


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
