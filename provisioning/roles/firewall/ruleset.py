"""The rules of a host: openings of all roles, by the family of their addresses. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from ...model.address import IPNetwork
from ...model.derived.resolve import connection_of, groups_of
from ...model.firewall import OpenPort
from ...model.inventory import Inventory
from ..opening import Opening, Protocol, networks
from ..registry import ROLES

_FAMILIES = {4: "ip", 6: "ip6"}


@dataclass(frozen=True, slots=True)
class Rule:
    """Traffic of one family, or of both where no address matters."""

    what: str
    family: str | None
    """``ip`` or ``ip6``."""
    protocol: Protocol
    ports: tuple[int, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    one_way: bool


def openings(inventory: Inventory, name: str) -> list[Opening]:
    """All that has to come in on a host: for the operator, for every role, and for programs that
    the inventory names."""
    firewall = inventory.firewall
    assert firewall is not None
    login = Opening(
        what="SSH",
        ports=(connection_of(inventory, name).port or 22,),
        sources=networks(firewall.ssh_from) or None,
    )
    theirs = [one for role in ROLES for one in role.openings(inventory, name)]
    return [login, *theirs, *_operators(inventory, name, firewall.open)]


def _operators(inventory: Inventory, name: str, ports: Iterable[OpenPort]) -> list[Opening]:
    known = {name, *groups_of(inventory, name)}
    return [
        Opening(
            what="firewall.open in the inventory",
            protocol=one.protocol.value,
            ports=(one.port,),
            sources=networks(one.sources) or None,
        )
        for one in ports
        if one.hosts is None or known.intersection(one.hosts)
    ]


def rules(wanted: Iterable[Opening]) -> list[Rule]:
    """The openings as nft takes them: a rule for each family that they have addresses of."""
    return [rule for opening in wanted for rule in _of(opening)]


def _of(opening: Opening) -> Iterator[Rule]:
    sources, destinations = _parted(opening.sources), _parted(opening.destinations)
    ports = tuple(sorted({*opening.ports}))
    if opening.protocol != "vrrp" and not ports:
        return
    if sources is None and destinations is None:
        yield Rule(opening.what, None, opening.protocol, ports, (), (), opening.one_way)
        return
    for version, family in _FAMILIES.items():
        senders = () if sources is None else sources[version]
        own = () if destinations is None else destinations[version]
        # Of this family nobody comes, or there is no place to come to.
        if (sources is None or senders) and (destinations is None or own):
            what, protocol = opening.what, opening.protocol
            yield Rule(what, family, protocol, ports, senders, own, opening.one_way)


def _parted(given: Iterable[IPNetwork] | None) -> dict[int, tuple[str, ...]] | None:
    """Networks by their family, as texts; none is within another, which nft refuses in a set."""
    if given is None:
        return None
    every = list(given)
    ipv4 = collapse_addresses(one for one in every if isinstance(one, IPv4Network))
    ipv6 = collapse_addresses(one for one in every if isinstance(one, IPv6Network))
    return {4: tuple(map(_written, ipv4)), 6: tuple(map(_written, ipv6))}


def _written(network: IPNetwork) -> str:
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address if alone else network)
