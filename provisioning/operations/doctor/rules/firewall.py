"""Directors, and edges, hear each other's VRRP."""

from collections.abc import Iterator

from ....facts.machine.packet_filter import PACKET_FILTER, Packet, PacketFilter
from ....model.address import IPAddress
from ....model.inventory import Inventory
from ....model.resolve import address_for, groups, interface_of
from ..finding import Finding, on_host
from ..rule import Rule, Seen, asking

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


def _judge(seen: Seen[PacketFilter]) -> Iterator[Finding]:
    vip = seen.inventory.virtual_ips[0].address.ip
    for name, rules in seen.hosts.items():
        for peer, source in _peers(seen.inventory, name, vip).items():
            packet = _advert(seen.inventory, name, vip, source)
            dropped = rules.drops(packet) if packet else None
            if packet is None or dropped is None:
                continue
            place = (dropped.family, dropped.table, dropped.chain)
            allow = ("nft", "insert", "rule", *place, "meta", "l4proto", "vrrp", "accept")
            yield Finding(
                host=name,
                evidence=f"its packet filter drops VRRP (IP protocol 112) of {peer} ({source}) to"
                f" {packet.target}: table {' '.join(place[:2])}, chain {place[2]}",
                cause="directors that do not hear each other are all master, and clients reach"
                " either",
                fix=f"{on_host(name, *allow)}, and the same in the firewall's own configuration",
            )
            break


def _advert(inventory: Inventory, name: str, vip: IPAddress, source: IPAddress) -> Packet | None:
    """An advertisement as the host gets it."""
    host = {n: h for g in groups(inventory).values() for n, h in g.hosts.items()}[name]
    own = address_for(host, vip)
    unicast = inventory.vrrp.unicast
    target = own if unicast else type(source)(_GROUPS[source.version])
    return Packet(_VRRP, interface_of(inventory, name), source, target) if target else None


VRRP_DROPPED = Rule("vrrp-dropped", asking(lambda _inventory, _name: PACKET_FILTER, *_BOTH), _judge)
