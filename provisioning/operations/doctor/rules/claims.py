"""The VIPs and their VRIDs are the directors' alone, on the LAN as it is now."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from ....facts.fact import View
from ....facts.lan.interfaces import INTERFACES, Interfaces
from ....facts.lan.vip_claims import Claims, vip_claims
from ....model.address import IPAddress
from ....model.derived.resolve import all_hosts
from ....model.inventory import Inventory
from ..finding import Finding, Severity
from ..rule import Rule, Seen

_Answer = tuple[Interfaces, Claims | None]
"""Interfaces of a host; of a director also what it saw."""


def _view(inventory: Inventory, name: str) -> View[_Answer]:
    if name not in inventory.directors.hosts:
        return View((INTERFACES,), lambda seen: (seen[INTERFACES], None))
    claims = vip_claims(inventory, name)
    return View((INTERFACES, claims), lambda seen: (seen[INTERFACES], seen[claims]))


def _claims(seen: Seen[_Answer]) -> Iterator[tuple[str, Claims]]:
    for name, (_, claims) in seen.hosts.items():
        if claims is not None:
            yield name, claims


def _unasked(seen: Seen[_Answer]) -> Iterator[Finding]:
    for director, claims in _claims(seen):
        if claims.problem:
            yield Finding(
                host=director,
                severity=Severity.WARNING,
                evidence=f"it could not ask its LAN: {claims.problem}",
                cause="a VIP or a VRID that somebody else has is not seen from there",
                fix="`cluster deploy` installs python3 on directors; an interface that is not there"
                " is a mistake in the inventory",
            )


def _taken(seen: Seen[_Answer]) -> Iterator[Finding]:
    yield from _unasked(seen)
    ours = {mac for found, _ in seen.hosts.values() for mac in found.macs.values()}
    known: dict[tuple[IPAddress, str], tuple[str, set[IPAddress]]] = {}
    for director, claims in _claims(seen):
        for vip, macs in claims.owners.items():
            for mac, others in macs.items():
                if mac not in ours:
                    known.setdefault((vip, mac), (director, set()))[1].update(others)
    for (vip, mac), (director, addresses) in known.items():
        yield from _stranger(seen, vip, mac, director, addresses)


def _stranger(
    seen: Seen[_Answer], vip: IPAddress, mac: str, director: str, others: set[IPAddress]
) -> Iterator[Finding]:
    hosts = all_hosts(seen.inventory)
    unseen = {hosts[name].address: name for name in hosts if name in seen.unseen}
    who = next((unseen[address] for address in others if address in unseen), None)
    if who in seen.inventory.directors.hosts:
        # The one that holds it, as far as can be told without it.
        return
    machine = ", ".join([mac, *map(str, sorted(others, key=str))])
    evidence = f"{director} asked its LAN for {vip} and was answered by {machine}"
    directors = [name for name in unseen.values() if name in seen.inventory.directors.hosts]
    cause = "clients are sent to a machine that is not a director of this cluster"
    if who is None and directors and not others:
        cause += f", unless that is {' or '.join(directors)}, which was not looked at"
    yield Finding(
        host=who or "",
        severity=Severity.WARNING if "unless" in cause else Severity.ERROR,
        evidence=evidence,
        cause=cause,
        fix=f"take {vip} off that machine, or choose a free address; the switch's table of MAC"
        " addresses tells its port",
    )


def _answered(seen: Seen[_Answer]) -> Iterator[Finding]:
    owner = {mac: name for name, (found, _) in seen.hosts.items() for mac in found.macs.values()}
    told: dict[tuple[str, IPAddress], str] = {}
    for director, claims in _claims(seen):
        for vip, macs in claims.owners.items():
            for name in (owner[mac] for mac in macs if mac in owner):
                if name not in seen.inventory.directors.hosts:
                    told.setdefault((name, vip), director)
    for (name, vip), director in told.items():
        yield Finding(
            host=name,
            evidence=f"{director} asked its LAN for {vip} and was answered by {name}",
            cause="clients that hear it send to this host alone, past the directors",
            fix="`cluster deploy` puts the VIP on lo of real servers and has them keep silent about"
            " it; on any other host, take the address off",
        )


def _speakers(seen: Seen[_Answer]) -> Iterator[Finding]:
    ours = {bound.address for found, _ in seen.hosts.values() for bound in found.addresses}
    for host in seen.inventory.directors.hosts.values():
        ours |= {one for one in (host.address, host.address6) if one}
    blind = any(name in seen.unseen for name in seen.inventory.directors.hosts)
    vips = {vip.address.ip for vip in seen.inventory.virtual_ips}
    told = set()
    for director, claims in _claims(seen):
        for one in claims.speakers:
            # An IPv6 router speaks by its link-local address: not known of one not looked at.
            if one.source in ours or (blind and isinstance(one.source, IPv6Address)):
                continue
            if (one.vrid, one.source) in told:
                continue
            told.add((one.vrid, one.source))
            fix = (
                f"stop Keepalived on {one.source}: it takes part in this cluster's election"
                if vips & set(one.addresses)
                else f"write another vrrp.virtual_router_id than {one.vrid} (`cluster explain"
                " vrrp.virtual_router_id`), then `cluster deploy`"
            )
            yield Finding(
                host="",
                evidence=f"{director} hears {one.source} advertise VRID {one.vrid} with priority"
                f" {one.priority} for {', '.join(map(str, one.addresses)) or 'no address'}",
                cause="routers with one VRID on one network are one router: either becomes backup"
                " of the other, and its VIP is nowhere",
                fix=fix,
            )


VIP_TAKEN = Rule("vip-taken", _view, _taken)
VIP_ANSWERED = Rule("vip-answered", _view, _answered)
VRID_TAKEN = Rule("vrid-taken", _view, _speakers)
