"""A look at machines before there is an inventory, by the questions that other operations ask too.

It has a draft of the inventory: that says how hosts are reached, and which VIPs are to be free.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...errors import ClusterError
from ...facts.distribution import DISTRIBUTION
from ...facts.fact import Answers
from ...facts.gather import gather
from ...facts.gpus import GpusFound, gpus
from ...facts.host_python import host_python
from ...facts.lan.interfaces import INTERFACES, Interfaces
from ...facts.machine.init_system import INIT_SYSTEM
from ...model.address import IPAddress
from ...model.derived.resolve import all_hosts, managed_hosts
from ...model.inventory import Inventory
from ...transport.base import Transport
from .seen import Seen, SeenCard

_TIMEOUT = 60.0
_GIB = 1 << 30
_PYTHON, _GPUS = host_python("python3"), gpus(None, python="python3")
_FACTS = (INTERFACES, DISTRIBUTION, INIT_SYSTEM, _PYTHON, _GPUS)


@dataclass(frozen=True, slots=True)
class Looked:
    """Results of one look."""

    seen: Mapping[str, Seen]
    macs: frozenset[str]
    """Of all machines that were looked at."""
    held: frozenset[IPAddress]
    """Addresses that they have, but for those on lo."""


def look(inventory: Inventory, fleet: Fleet) -> Looked:
    """Ask every host that can be reached, in one round trip; errors stay in ``fleet``."""
    names = managed_hosts(inventory)

    def ask(name: str, transport: Transport) -> Answers:
        return gather(name, transport, _FACTS, timeout=_TIMEOUT)

    answers = fleet.each_at_once(names, ask)
    addresses = {name: all_hosts(inventory)[name].address for name in answers}
    interfaces = {name: _interfaces(found) for name, found in answers.items()}
    return Looked(
        {name: _seen(found, interfaces[name], addresses[name]) for name, found in answers.items()},
        frozenset(mac for one in interfaces.values() for mac in one.macs.values()),
        frozenset(
            bound.address
            for one in interfaces.values()
            for bound in one.addresses
            if bound.interface != "lo"
        ),
    )


def _interfaces(found: Answers) -> Interfaces:
    try:
        return found[INTERFACES]
    except ClusterError:
        # No iproute2 yet; a deploy installs it.
        return Interfaces({}, ())


def _seen(found: Answers, interfaces: Interfaces, own: IPAddress) -> Seen:
    python, distribution = None, ""
    with suppress(ClusterError):
        python = found[_PYTHON].version[:2]
    with suppress(ClusterError):
        distribution = str(found[DISTRIBUTION])
    bound = [one for one in interfaces.holding(own) if one.interface != "lo"]
    outward = [one.interface for one in interfaces.addresses if not one.address.is_loopback]
    cards = found[_GPUS]
    return Seen(
        interface=bound[0].interface if bound else "",
        network=f"{own}/{bound[0].prefix}" if bound else "",
        interfaces=tuple(dict.fromkeys(outward)),
        manager=found[INIT_SYSTEM],
        distribution=distribution,
        python=python,
        cards=_cards(cards),
        gpu_problem=cards.problem if cards else "",
    )


def _cards(found: GpusFound | None) -> tuple[SeenCard, ...]:
    return tuple(
        SeenCard(card.name, round(card.memory_total / _GIB) if card.memory_total else None)
        for card in (found.cards if found else ())
        if not card.lost
    )
