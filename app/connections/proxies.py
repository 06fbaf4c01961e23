"""The sender of a request that a proxy passes on: its address, scheme and host.

uvicorn's own layer believes the same, but leaves what others wrote in these headers for Gradio to
read, and the host as the proxy knows it.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Network = IPv4Network | IPv6Network
_FORWARDED = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-real-ip",
    }
)
_SCHEMES = frozenset({"http", "https"})


class Proxies:
    """The proxies that are believed, by their networks."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def trusts(self, address: str) -> bool:
        """Tell whether a proxy has that address."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            # A socket for both families writes those of IPv4 so.
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)

    def settle(self, scope: Scope) -> None:
        """Make the request what it was at the outermost of them. Of what anybody else says about
        it, nothing is left."""
        headers = scope["headers"]
        told = [(name, value) for name, value in headers if name in _FORWARDED]
        if not told:
            return
        scope["headers"] = [pair for pair in headers if pair[0] not in _FORWARDED]
        if (client := scope.get("client")) and self.trusts(client[0]):
            self._believe(scope, told)

    def _believe(self, scope: Scope, told: list[tuple[bytes, bytes]]) -> None:
        if address := self._first_of_others(_values(told, b"x-forwarded-for")):
            scope["client"] = (address, 0)
        # The nearest proxy's word; each adds its own behind those before.
        if schemes := _values(told, b"x-forwarded-proto"):
            scheme = schemes[-1].lower()
            scope["scheme"] = scheme if scheme in _SCHEMES else scope["scheme"]
        if hosts := _values(told, b"x-forwarded-host"):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [(b"host", hosts[-1].encode("latin-1")), *others]

    def _first_of_others(self, chain: list[str]) -> str | None:
        """The last address that is no proxy's: those before it were written by whoever has it."""
        for written in reversed(chain):
            if (address := _address(written)) is None:
                return None
            if not self.trusts(address):
                return address
        return _address(chain[0]) if chain else None


def _values(told: list[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    joined = ",".join(value.decode("latin-1") for name, value in told if name == wanted)
    return [part.strip() for part in joined.split(",") if part.strip()]


def _address(written: str) -> str | None:
    """An address, which may stand in brackets or have a port behind it."""
    host = written
    if written.startswith("["):
        host = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        host = written.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
