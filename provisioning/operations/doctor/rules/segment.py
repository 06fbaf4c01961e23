"""Directors and real servers are neighbours: LVS-DR sends by MAC address alone."""

from collections.abc import Iterator

from ....facts.fact import View
from ....facts.lan.answers import LanAnswers, lan_answers
from ....facts.lan.interfaces import INTERFACES, Interfaces
from ....model.address import IPAddress
from ....model.inventory import Inventory
from ..finding import Finding
from ..rule import Rule, Seen, in_groups

_Answer = tuple[Interfaces, LanAnswers | None]


def _view(inventory: Inventory, name: str) -> View[_Answer] | None:
    if name in inventory.directors.hosts:
        asked = lan_answers(inventory, name)
        return View((INTERFACES, asked), lambda seen: (seen[INTERFACES], seen[asked]))
    if in_groups(inventory, name, ("real_servers",)):
        return View((INTERFACES,), lambda seen: (seen[INTERFACES], None))
    return None


def _asked(seen: Seen[_Answer]) -> Iterator[tuple[str, IPAddress, dict[str, LanAnswers]]]:
    """Each host that was looked at, with its address and the directors that asked for it."""
    inventory = seen.inventory
    for name, host in {**inventory.directors.hosts, **inventory.real_servers.hosts}.items():
        if name not in seen.hosts:
            continue
        asked = {
            director: answers
            for director, (_, answers) in seen.hosts.items()
            if answers is not None and host.address in answers.macs
        }
        yield name, host.address, asked


def _apart(seen: Seen[_Answer]) -> Iterator[Finding]:
    for name, address, asked in _asked(seen):
        deaf = {one: said for one, said in asked.items() if not said.macs[address]}
        if not deaf:
            continue
        directors = " and ".join(deaf)
        interface = next(iter(deaf.values())).interface
        yield Finding(
            host=name,
            evidence=f"{directors} asked for {address} on {interface} and nobody answered",
            cause="direct routing passes packets on by MAC address: a host behind a router, in"
            " another VLAN or on another interface gets none",
            fix=f"put {directors} and {name} on one network, or correct address and interface of"
            " either in the inventory",
        )


def _taken(seen: Seen[_Answer]) -> Iterator[Finding]:
    names = {mac: name for name, (found, _) in seen.hosts.items() for mac in found.macs.values()}
    for name, address, asked in _asked(seen):
        own = {mac for mac, owner in names.items() if owner == name}
        strangers = {one: said.macs[address] - own for one, said in asked.items()}
        macs = sorted(set().union(*strangers.values()))
        if not macs:
            continue
        # The same for many addresses is a router, which answers for whatever is behind it.
        router = macs[0] not in names and any(
            sum(macs[0] in others for others in said.macs.values()) > 1 for said in asked.values()
        )
        who = " and ".join(f"{names[mac]} ({mac})" if mac in names else mac for mac in macs)
        directors = " and ".join(one for one, found in strangers.items() if found)
        yield Finding(
            host=name,
            evidence=f"{directors} asked for {address} and was answered by {who}; {name} has"
            f" {', '.join(sorted(own)) or 'no MAC address'}",
            cause="a router answers for it, as clouds do: direct routing needs one network of"
            " switches"
            if router
            else "that machine has this address too, and gets a part of the traffic",
            fix="put directors and real servers on a network where they are neighbours"
            if router
            else f"take {address}, or the subnet on lo, off that machine; or give {name} a free"
            " address",
        )


SEGMENT_APART = Rule("segment-apart", _view, _apart)
ADDRESS_TAKEN = Rule("address-taken", _view, _taken)
