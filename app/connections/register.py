"""Open connections by client, and the choice of one to close when there is no place for another."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

from ..errors import NodeError

C = TypeVar("C", bound=Hashable)
_SLASH_64 = len("2001:0db8:0000:0000")


class NoPlaceError(NodeError):
    """No place for a connection: something is being done on every one of the others."""


@dataclass(slots=True)
class _Places(Generic[C]):
    taken: int = 0
    idle: OrderedDict[C, None] = field(default_factory=OrderedDict)
    """Nothing is being done on these; longest first."""

    @property
    def longest_idle(self) -> C:
        if not self.idle:
            raise NoPlaceError
        return next(iter(self.idle))


class Register(Generic[C]):
    """The open connections, by whose they are. A connection is idle unless a request of it is
    being answered: one that is silent, one with half a head, and one that is kept."""

    def __init__(self, places: int, places_of_one: int) -> None:
        self._most, self._most_of_one = places, places_of_one
        self._client: dict[C, str] = {}
        self._all = _Places[C]()
        self._by_client: dict[str, _Places[C]] = {}

    def __len__(self) -> int:
        return self._all.taken

    def enter(self, connection: C, address: str, *, of_many: bool = False) -> C | None:
        """Give an idle connection a place. What is returned has lost its own to it, and has to be
        closed. ``of_many`` is one of a proxy, whose clients are many. Raises NoPlaceError."""
        client = client_of(address)
        gone = self._in_the_way(client, of_many=of_many)
        if gone is not None:
            self.leave(gone)
        self._client[connection] = client
        for places in self._all, self._by_client.setdefault(client, _Places()):
            places.taken += 1
            places.idle[connection] = None
        return gone

    def begin(self, connection: C) -> None:
        """A request of it is being answered from now on."""
        for places in self._places(connection):
            places.idle.pop(connection, None)

    def end(self, connection: C) -> None:
        """Mark a connection as idle: all its requests are answered."""
        for places in self._places(connection):
            places.idle[connection] = None
            places.idle.move_to_end(connection)

    def leave(self, connection: C) -> None:
        """Free the place of a closed connection; nothing happens where it has none."""
        for places in self._places(connection):
            places.taken -= 1
            places.idle.pop(connection, None)
        client = self._client.pop(connection, None)
        if client is not None and not self._by_client[client].taken:
            del self._by_client[client]

    def _in_the_way(self, client: str, *, of_many: bool) -> C | None:
        own = None if of_many else self._by_client.get(client)
        if own is not None and own.taken >= self._most_of_one:
            return own.longest_idle
        return self._all.longest_idle if self._all.taken >= self._most else None

    def _places(self, connection: C) -> tuple[_Places[C], ...]:
        client = self._client.get(connection)
        return () if client is None else (self._all, self._by_client[client])


def client_of(address: str) -> str:
    """Name the client that an address belongs to. A customer of an Internet provider has a whole
    /64 of IPv6; within a site every host counts. What is not an address is taken as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    # On a socket for both families IPv4 clients have such an address, all in the same /64.
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return found.exploded[:_SLASH_64] if found.is_global else address
