"""Adverts and gratuitous ARPs of a director come to the others, as to all of its network."""

from collections.abc import Callable, Iterator

from ....facts.lan.announcements import ENOUGH, Heard, announcements
from ....model.address import IPAddress
from ..finding import Finding, Severity
from ..rule import Rule, Seen, asking

_Heard = dict[IPAddress, Heard]
_view = asking(announcements, "directors")


def _lost(
    seen: Seen[_Heard], came: Callable[[Heard], int]
) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Each director of which some hear what is for them alone and nothing of this, with those."""
    names = {host.address: name for name, host in seen.inventory.directors.hosts.items()}
    deaf: dict[str, list[tuple[str, int]]] = {}
    for name, heard in seen.hosts.items():
        for address, said in heard.items():
            if said.datagrams >= ENOUGH and not came(said):
                deaf.setdefault(names[address], []).append((name, said.datagrams))
    yield from deaf.items()


def _named(deaf: list[tuple[str, int]]) -> str:
    return " and ".join(name for name, _ in deaf)


def _multicast(seen: Seen[_Heard]) -> Iterator[Finding]:
    unicast = seen.inventory.vrrp.unicast
    for name, deaf in _lost(seen, lambda said: said.multicast):
        yield Finding(
            host=name,
            severity=Severity.WARNING if unicast else Severity.ERROR,
            evidence=f"nothing that it sent to 224.0.0.18 (multicast) came to {_named(deaf)}, where"
            f" {deaf[0][1]} packets of the same time for that host alone did",
            cause="adverts go another way (`vrrp.unicast`), but the kernel tells the backup of open"
            " connections by multicast: a take-over cuts them"
            if unicast
            else "directors that do not hear each other's adverts are all master, and clients reach"
            " either",
            fix="have the switch or the hypervisor pass 224.0.0.0/24 on, which no IGMP snooping may"
            " hold back (RFC 4541)"
            + (
                ""
                if unicast
                else "; or write vrrp.unicast: true (`cluster explain vrrp.unicast`), then"
                " `cluster deploy`"
            ),
        )


def _silenced(seen: Seen[_Heard]) -> Iterator[Finding]:
    for name, deaf in _lost(seen, lambda said: said.arps):
        yield Finding(
            host=name,
            evidence=f"no gratuitous ARP of it came to {_named(deaf)}, where {deaf[0][1]} packets"
            " of the same time for that host alone did",
            cause="a director that becomes master says so by gratuitous ARP: clients and routers"
            " that do not hear it send to the old one until they forget it, minutes later",
            fix="let the switch or the hypervisor pass them on for this port: dynamic ARP"
            " inspection, port security and `no forged transmits` of virtual switches hold them"
            " back",
        )


MULTICAST_LOST = Rule("multicast-lost", _view, _multicast)
ARP_LOST = Rule("arp-announcement-lost", _view, _silenced)
