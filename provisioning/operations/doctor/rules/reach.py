"""Hosts reach each other's ports, all that any role needs, whether anybody listens there or not."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ....facts.fact import Fact
from ....facts.machine.connections_to import Place, connections_to
from ....model.address import IPAddress, endpoint
from ....model.derived.resolve import all_hosts, groups, managed_hosts
from ....model.inventory import Inventory
from ....roles.registry import ROLES
from ..finding import Finding
from ..rule import Rule, Seen, asking

_PEERS = 16
"""Hosts of its own group that each asks, the next ones: of hundreds all are asked, by some."""
_SHOWN = 3

_Opening = tuple[Place, frozenset[IPAddress], str]
"""A place, those who ask there, and what for."""


class _Same:
    """An inventory as a key: nothing in it changes, and it is the same as itself alone."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def __hash__(self) -> int:
        return id(self.inventory)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.inventory is self.inventory


@lru_cache(maxsize=1)
def _openings(of: _Same) -> dict[str, tuple[_Opening, ...]]:
    """By the host that is asked."""
    return {name: tuple(_asked(of.inventory, name)) for name in managed_hosts(of.inventory)}


def _asked(inventory: Inventory, name: str) -> Iterator[_Opening]:
    host = all_hosts(inventory)[name]
    own = [one for one in (host.address, host.address6) if one is not None]
    for one in (each for role in ROLES for each in role.openings(inventory, name)):
        if one.protocol != "tcp" or one.sources is None or one.destinations is not None:
            continue
        single = (net for net in one.sources if net.prefixlen == net.max_prefixlen)
        sources = frozenset(net.network_address for net in single)
        for port in one.ports:
            yield from (((address, port), sources, one.what) for address in own)


def _places(inventory: Inventory, name: str) -> dict[Place, tuple[str, str]]:
    """Places that a host asks, with the host that is asked there and what for."""
    host = all_hosts(inventory)[name]
    found: dict[Place, tuple[str, str]] = {}
    own = {one.version: one for one in (host.address, host.address6) if one is not None}
    peers = _next(inventory, name)
    for target, openings in _openings(_Same(inventory)).items():
        if target == name or (target in peers and target not in peers[:_PEERS]):
            continue
        for place, sources, what in openings:
            if own.get(place[0].version) in sources:
                found.setdefault(place, (target, what))
    return found


def _next(inventory: Inventory, name: str) -> list[str]:
    """Others of its groups, those behind it first and then round."""
    found: list[str] = []
    for group in groups(inventory).values():
        if name in group.hosts:
            names = list(group.hosts)
            at = names.index(name)
            found += [*names[at + 1 :], *names[:at]]
    return found


def _question(inventory: Inventory, name: str) -> Fact[dict[Place, str]] | None:
    places = tuple(_places(inventory, name))
    return connections_to(places) if places else None


def _judge(seen: Seen[dict[Place, str]]) -> Iterator[Finding]:
    known = {asker: _places(seen.inventory, asker) for asker in seen.hosts}
    reached = {
        known[asker][place][0]
        for asker, said in seen.hosts.items()
        for place, word in said.items()
        if _came(word)
    }
    told: dict[str, dict[Place, list[str]]] = {}
    words: dict[Place, str] = {}
    for asker, said in seen.hosts.items():
        asked = {
            place: one for place, one in said.items() if known[asker][place][0] not in seen.unseen
        }
        lost = {place: word for place, word in asked.items() if not _came(word)}
        if lost and len(lost) == len(asked) and reached.issuperset(_targets(known[asker], lost)):
            yield _deaf(asker, lost)
            continue
        for place, word in lost.items():
            target, what = known[asker][place]
            words.setdefault(place, f"{endpoint(*place)} ({what}): {word}")
            told.setdefault(target, {}).setdefault(place, []).append(asker)
    for target, places in told.items():
        askers = list(dict.fromkeys(asker for those in places.values() for asker in those))
        ports = ", ".join(map(str, sorted({port for _, port in places})))
        yield Finding(
            host=target,
            evidence=f"{_listed(askers)} cannot connect to {_listed([words[p] for p in places])};"
            " a closed port would be refused",
            cause="a firewall on the host or between them is in the way, or nothing at all passes:"
            " what should come in there does not, such as health checks, audio or metrics",
            fix=f"let TCP {ports} in from {_listed(askers)}; docs/network.md lists all ports, and"
            " with `firewall: true` a `cluster deploy` opens them on the host itself",
        )


def _targets(known: dict[Place, tuple[str, str]], places: Iterable[Place]) -> set[str]:
    return {known[place][0] for place in places}


def _came(word: str) -> bool:
    """True if an answer came, of whatever kind."""
    return word in ("open", "refused")


def _deaf(asker: str, lost: dict[Place, str]) -> Finding:
    place, word = next(iter(lost.items()))
    return Finding(
        host=asker,
        evidence=f"it reaches none of the {len(lost)} places that it needs, such as"
        f" {endpoint(*place)} ({word}), and others reach them",
        cause="its own firewall drops the answers to what it asks, or lets nothing out",
        fix="let established connections in there (`ct state established,related accept` in nft),"
        " and new ones out",
    )


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return " and ".join([*names[:_SHOWN], *([f"{more} more"] if more > 0 else [])])


PORT_BLOCKED = Rule("port-blocked", asking(_question), _judge)
