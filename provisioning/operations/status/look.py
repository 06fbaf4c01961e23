"""Looks at all hosts of a cluster, in one round trip each."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_record import ClusterRecord, agreed
from provisioning.operations.ipvs_table import TableFormatError
from provisioning.operations.status import clocks, look_director, look_real_server, look_storage
from provisioning.operations.status.clocks import Clock
from provisioning.operations.status.interfaces import (
    LOOK,
    InterfacesFormatError,
    parse_interfaces,
)
from provisioning.operations.status.state import (
    ClusterState,
    DirectorState,
    RealServerState,
    StorageState,
)
from provisioning.resources.base import Observation
from provisioning.transport.base import (
    AuthenticationError,
    HostKeyError,
    SudoError,
    Transport,
    TransportError,
)

_INTERFACES = "interfaces"
_FIRST, _LAST = "clock.first", "clock.last"
_REMEDIES: dict[type[TransportError], str] = {
    HostKeyError: "compare the keys, and do what is said there",
    AuthenticationError: "set right what is said there; `cluster ssh {name}` shows it",
    SudoError: "set right what is said there; `cluster exec --root {name} true` shows it",
}

_Each = Callable[
    [Iterable[str], Callable[[str, Transport], dict[str, Observation]]],
    dict[str, dict[str, Observation]],
]
"""How the work is done on every host."""

Seen = dict[str, dict[str, Observation]]
"""What each host answered."""


def look_at(inventory: Inventory, fleet: Fleet, ours: ClusterRecord) -> ClusterState:
    """Connects to every host that is not connected, and looks at it. What happens on one host
    never keeps the others from being seen.

    ``ours`` is what this folder knows of the cluster; what directors remember since then counts.
    """
    return _look(inventory, fleet, ours, fleet.each_at_once, timeout=60.0)


def look_at_connected(
    inventory: Inventory, fleet: Fleet, ours: ClusterRecord, *, timeout: float = 60.0
) -> ClusterState:
    """Looks at the hosts that are connected. ``timeout`` is in seconds, for each host."""
    return _look(inventory, fleet, ours, fleet.each, timeout=timeout)


def _look(
    inventory: Inventory, fleet: Fleet, ours: ClusterRecord, each: _Each, *, timeout: float
) -> ClusterState:
    questions = host_fragments(inventory)
    clocked: dict[str, Clock] = {}

    def look(name: str, transport: Transport) -> dict[str, Observation]:
        asked = {_FIRST: clocks.LOOK, **questions[name], _LAST: clocks.LOOK}
        sent = time.time()
        found = run_fragments(name, transport, asked, timeout=timeout)
        clock = clocks.compare(found.pop(_FIRST), found.pop(_LAST), sent, time.time())
        if clock is not None:
            clocked[name] = clock
        return found

    seen = each(questions, look)
    silent = {
        name: str(fleet.errors.get(name, "not connected yet")).removeprefix(f"{name}: ")
        for name in questions
        if name not in seen
    }
    state = assemble(inventory, seen, silent, ours)
    remedies = {
        name: _REMEDIES[kind].format(name=name)
        for name in silent
        if (kind := type(fleet.errors.get(name))) in _REMEDIES
    }
    # In the inventory's order, as everything else.
    ordered = {name: clocked[name] for name in questions if name in clocked}
    return replace(state, remedies=remedies, clocks=ordered)


def host_fragments(inventory: Inventory) -> dict[str, dict[str, str]]:
    """What to ask each host that has a role."""
    questions: dict[str, dict[str, str]] = {}
    for name in inventory.directors.hosts:
        questions.setdefault(name, {}).update(look_director.fragments(inventory, name))
    for name in inventory.real_servers.hosts:
        questions.setdefault(name, {}).update(look_real_server.fragments(inventory, name))
    for name in inventory.storage.hosts if inventory.storage else ():
        assert inventory.storage is not None
        questions.setdefault(name, {}).update(look_storage.fragments(inventory.storage))
    for asked in questions.values():
        asked[_INTERFACES] = LOOK
    return questions


def assemble(
    inventory: Inventory, seen: Seen, silent: dict[str, str], ours: ClusterRecord
) -> ClusterState:
    """The cluster's state from what each host answered. Pure."""
    directors: dict[str, DirectorState] = {}
    real_servers: dict[str, RealServerState] = {}
    storage: dict[str, StorageState] = {}
    unreachable = dict(silent)
    for name, found in seen.items():
        try:
            interfaces = parse_interfaces(found[_INTERFACES].stdout)
            if name in inventory.directors.hosts:
                directors[name] = look_director.parse(inventory, interfaces, found)
            if name in inventory.real_servers.hosts:
                real_servers[name] = look_real_server.parse(inventory, name, interfaces, found)
            if inventory.storage and name in inventory.storage.hosts:
                storage[name] = look_storage.parse(inventory.storage, found)
        except (InterfacesFormatError, TableFormatError) as error:
            unreachable[name] = str(error)
    memories = {name: one.remembers for name, one in directors.items() if one.remembers}
    record, _ = agreed(ours, memories)
    return ClusterState(directors, real_servers, storage, unreachable, record.runtime)
