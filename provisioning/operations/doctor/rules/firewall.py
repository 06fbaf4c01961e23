"""Directors, and edges, hear each other's VRRP; nothing older stands beside our own firewall."""

from collections.abc import Iterator

from ....facts.fact import Fact, View
from ....facts.machine.legacy_filter import LEGACY_FILTER
from ....facts.machine.packet_filter import PACKET_FILTER, Dropped, Packet, PacketFilter
from ....model.address import IPAddress
from ....model.derived.resolve import address_for, groups, interface_of
from ....model.inventory import Inventory
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
    for name, (rules, legacy) in seen.hosts.items():
        for peer, source in _peers(seen.inventory, name, vip).items():
            packet = _advert(seen.inventory, name, vip, source)
            if packet is None:
                continue
            dropped = rules.drops(packet)
            older = None if dropped else legacy.drops(packet)
            place = dropped or older
            if place is None:
                continue
            yield Finding(
                host=name,
                evidence=f"its packet filter{' (iptables-legacy)' if older else ''} drops VRRP (IP"
                f" protocol 112) of {peer} ({source}) to {packet.target}: table {place.family}"
                f" {place.table}, chain {place.chain}",
                cause="directors that do not hear each other are all master, and clients reach"
                " either",
                fix=f"{on_host(name, *_let_in(place, older is not None))}, and the same in the"
                " firewall's own configuration",
            )
            break


def _let_in(place: Dropped, legacy: bool) -> tuple[str, ...]:
    """Command that lets VRRP in there."""
    if legacy:
        program = {"ip": "iptables-legacy", "ip6": "ip6tables-legacy"}[place.family]
        return (program, "-t", place.table, "-I", place.chain, "-p", "112", "-j", "ACCEPT")
    names = (place.family, place.table, place.chain)
    return ("nft", "insert", "rule", *names, "meta", "l4proto", "vrrp", "accept")


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
FIREWALL_BESIDE = Rule("firewall-beside", asking(_kept_by_us), _beside)
