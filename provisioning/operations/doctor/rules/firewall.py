"""Directors, and edges, hear each other's VRRP, and directors of each other's connections; nothing
older stands beside our own firewall."""

from collections.abc import Iterator
from dataclasses import dataclass

from ....facts.fact import Fact, View
from ....facts.machine.legacy_filter import LEGACY_FILTER
from ....facts.machine.packet_filter import PACKET_FILTER, Dropped, Packet, PacketFilter
from ....model.address import IPAddress
from ....model.derived.resolve import address_for, groups, interface_of, sync_daemon_of
from ....model.inventory import Inventory
from ....roles.opening import SYNC_GROUP, SYNC_PORT
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking, in_groups

_VRRP = ("vrrp", "112")
_GROUPS = {4: "224.0.0.18", 6: "ff02::12"}
_BOTH = ("directors", "edges")


def _peers(inventory: Inventory, name: str, vip: IPAddress) -> dict[str, IPAddress]:
    """Those that advertise to the host, with their addresses."""
    found = {}
    for key in _BOTH:
        group = groups(inventory).get(key)
        if group is not None and name in group.hosts:
            for other, host in group.hosts.items():
                address = address_for(host, vip)
                if other != name and address is not None:
                    found[other] = address
    return found


_Filters = tuple[PacketFilter, PacketFilter]
"""Of nftables, and of iptables' older kind: a packet has to pass both."""


def _view(inventory: Inventory, name: str) -> View[_Filters] | None:
    if not in_groups(inventory, name, _BOTH):
        return None
    facts = (PACKET_FILTER, LEGACY_FILTER)
    return View(facts, lambda seen: (seen[PACKET_FILTER], seen[LEGACY_FILTER]))


def _judge(seen: Seen[_Filters]) -> Iterator[Finding]:
    vip = seen.inventory.virtual_ips[0].address.ip
    for name, filters in seen.hosts.items():
        for peer, source in _peers(seen.inventory, name, vip).items():
            packet = _advert(seen.inventory, name, vip, source)
            if packet is None or (place := _drops(filters, packet)) is None:
                continue
            yield Finding(
                host=name,
                evidence=f"{_its_filter(place)} drops VRRP (IP protocol 112) of {peer} ({source})"
                f" to {packet.target}: {_place(place)}",
                cause="directors that do not hear each other are all master, and clients reach"
                " either",
                fix=f"{on_host(name, *_let_in(place, packet))}, and the same in the firewall's own"
                " configuration",
            )
            break


def _sync(seen: Seen[_Filters]) -> Iterator[Finding]:
    hosts = seen.inventory.directors.hosts
    for name, filters in seen.hosts.items():
        for peer, host in hosts.items():
            if peer == name or host.address.version == 6:
                continue
            interface, group = interface_of(seen.inventory, name), SYNC_GROUP.network_address
            packet = Packet(("udp", "17"), interface, host.address, group, SYNC_PORT)
            if (place := _drops(filters, packet)) is None:
                continue
            yield Finding(
                host=name,
                severity=Severity.WARNING,
                evidence=f"{_its_filter(place)} drops what {peer} tells of open connections (UDP"
                f" {SYNC_PORT} to {group}): {_place(place)}",
                cause="it does not know them when it takes over, and cuts them",
                fix=f"{on_host(name, *_let_in(place, packet))}, and the same in the firewall's own"
                " configuration",
            )
            break


def _sync_view(inventory: Inventory, name: str) -> View[_Filters] | None:
    told = sync_daemon_of(inventory) is not None and name in inventory.directors.hosts
    return _view(inventory, name) if told else None


@dataclass(frozen=True, slots=True)
class _Place:
    """A chain that drops a packet."""

    dropped: Dropped
    legacy: bool


def _drops(filters: _Filters, packet: Packet) -> _Place | None:
    for number, one in enumerate(filters):
        if (dropped := one.drops(packet)) is not None:
            return _Place(dropped, legacy=number > 0)
    return None


def _its_filter(place: _Place) -> str:
    return f"its packet filter{' (iptables-legacy)' if place.legacy else ''}"


def _place(place: _Place) -> str:
    one = place.dropped
    return f"table {one.family} {one.table}, chain {one.chain}"


def _let_in(place: _Place, packet: Packet) -> tuple[str, ...]:
    """Command that lets the packet's kind in there."""
    one, (name, number) = place.dropped, packet.protocol
    if place.legacy:
        program = {"ip": "iptables-legacy", "ip6": "ip6tables-legacy"}[one.family]
        port = ("--dport", str(packet.port)) if packet.port else ()
        kind = ("-p", number if not port else name, *port)
        return (program, "-t", one.table, "-I", one.chain, *kind, "-j", "ACCEPT")
    kind = (name, "dport", str(packet.port)) if packet.port else ("meta", "l4proto", name)
    return ("nft", "insert", "rule", one.family, one.table, one.chain, *kind, "accept")


def _beside(seen: Seen[PacketFilter]) -> Iterator[Finding]:
    for name, legacy in seen.hosts.items():
        for family in legacy.may_drop():
            program = {"ip": "iptables-legacy", "ip6": "ip6tables-legacy"}[family]
            yield Finding(
                host=name,
                severity=Severity.WARNING,
                evidence=f"{program} has rules that drop what comes in, beside the firewall of the"
                " inventory",
                cause="a packet has to pass both: what the inventory opens may stay closed, and"
                " nft does not list why",
                fix=f"{on_host(name, f'{program}-save')} shows them; take them away there, with"
                " what loads them at boot, and leave the host to `firewall: true`",
            )
            break


def _kept_by_us(inventory: Inventory, _name: str) -> Fact[PacketFilter] | None:
    return LEGACY_FILTER if inventory.firewall is not None else None


def _advert(inventory: Inventory, name: str, vip: IPAddress, source: IPAddress) -> Packet | None:
    """An advertisement as the host gets it."""
    host = {n: h for g in groups(inventory).values() for n, h in g.hosts.items()}[name]
    own = address_for(host, vip)
    unicast = inventory.vrrp.unicast
    target = own if unicast else type(source)(_GROUPS[source.version])
    return Packet(_VRRP, interface_of(inventory, name), source, target) if target else None


VRRP_DROPPED = Rule("vrrp-dropped", _view, _judge)
SYNC_DROPPED = Rule("sync-dropped", _sync_view, _sync)
FIREWALL_BESIDE = Rule("firewall-beside", asking(_kept_by_us), _beside)
