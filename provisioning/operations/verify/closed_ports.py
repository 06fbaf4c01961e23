"""Nothing answers a client but what the firewall lets in for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from ...facts.lan.tcp_scan import Accepted, Place
from ...model.address import IPAddress, IPNetwork, endpoint
from ...model.derived.resolve import all_hosts, managed_hosts
from ...model.inventory import Inventory
from ...roles.firewall.ruleset import openings
from ...roles.opening import Opening
from .check import CheckResult
from .client_report import ClientReport

_RPCBIND = 111
"""Debian's NFS packages start it, and nothing here needs it."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Own:
    """An address of the cluster."""

    address: IPAddress
    holder: str
    """Its host, or those that may have it."""
    openings: tuple[Opening, ...]


def places_to_scan(inventory: Inventory) -> list[Place]:
    """Every port that any role knows, at every address of the cluster, but for what is open to
    everybody: that is asked for otherwise, and the scan would be among what the directors count.
    None without a firewall."""
    owns = list(_addresses(inventory))
    ports = {port for own in owns for one in own.openings for port in _tcp(one)}
    return [
        (own.address, port)
        for own in owns
        for port in sorted({*ports, _RPCBIND})
        if not any(_for_everybody(one, own.address, port) for one in own.openings)
    ]


def check_closed(inventory: Inventory, report: ClientReport) -> list[CheckResult]:
    """Check that each accepted connection has an opening; nothing without a firewall. Pure."""
    if inventory.firewall is None:
        return []
    name, tried = "nothing answers a client but what it may ask", places_to_scan(inventory)
    owns = {own.address: own for own in _addresses(inventory)}
    wrong = [
        f"{endpoint(one.address, one.port)} ({owns[one.address].holder}) answers {one.source}"
        for one in report.accepted
        if not _allowed(owns[one.address], one)
    ]
    if not wrong:
        count = len({address for address, _ in tried})
        return [CheckResult(name, True, f"{len(tried)} ports of {count} addresses were tried")]
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    fix = "`cluster plan` shows what is loaded there and what should be; `cluster deploy` loads it"
    return [CheckResult(name, False, "; ".join(wrong[:_SHOWN]) + more, fix)]


def _addresses(inventory: Inventory) -> Iterator[_Own]:
    if inventory.firewall is None:
        return
    every = {name: openings(inventory, name) for name in managed_hosts(inventory)}
    for name, wanted in every.items():
        host = all_hosts(inventory)[name]
        for address in (host.address, host.address6):
            if address is not None:
                yield _Own(address, name, tuple(wanted))
    shared = [(vip.address.ip, list(inventory.directors.hosts)) for vip in inventory.virtual_ips]
    if inventory.edges is not None:
        shared.append((inventory.edges.vip.address.ip, list(inventory.edges.hosts)))
    for address, holders in shared:
        wanted = [one for name in holders for one in every[name]]
        yield _Own(address, " or ".join(holders), tuple(wanted))


def _tcp(opening: Opening) -> tuple[int, ...]:
    return opening.ports if opening.protocol == "tcp" else ()


def _for_everybody(opening: Opening, own: IPAddress, port: int) -> bool:
    return opening.sources is None and _is_for(opening, own, port)


def _is_for(opening: Opening, own: IPAddress, port: int) -> bool:
    return port in _tcp(opening) and _holds(opening.destinations, own)


def _allowed(own: _Own, one: Accepted) -> bool:
    # A host that asks itself is let in by the loopback interface.
    return one.source == one.address or any(
        _is_for(opening, one.address, one.port) and _holds(opening.sources, one.source)
        for opening in own.openings
    )


def _holds(some: tuple[IPNetwork, ...] | None, address: IPAddress) -> bool:
    own = ip_network(address)
    return some is None or any(
        one.version == own.version and own.subnet_of(one)  # type: ignore[arg-type]
        for one in some
    )
