"""Looks at all hosts of a cluster, in one round trip each."""

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.ipvs_table import TableFormatError
from provisioning.operations.status import look_director, look_real_server, look_storage
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
from provisioning.transport.base import Transport

_INTERFACES = "interfaces"

Seen = dict[str, dict[str, Observation]]
"""What each host answered."""


def look_at(inventory: Inventory, fleet: Fleet, runtime: Runtime) -> ClusterState:
    """Connects to every host that is not connected, and looks at it. What happens on one host
    never keeps the others from being seen."""
    fleet.connect(host_fragments(inventory))
    return look_at_connected(inventory, fleet, runtime)


def look_at_connected(
    inventory: Inventory, fleet: Fleet, runtime: Runtime, *, timeout: float = 60.0
) -> ClusterState:
    """Looks at the hosts that are connected. ``timeout`` is in seconds, for each host."""
    questions = host_fragments(inventory)

    def look(name: str, transport: Transport) -> dict[str, Observation]:
        return run_fragments(name, transport, questions[name], timeout=timeout)

    seen = fleet.each(questions, look)
    silent = {
        name: str(fleet.errors.get(name, "not connected yet")).removeprefix(f"{name}: ")
        for name in questions
        if name not in seen
    }
    return assemble(inventory, seen, silent, runtime)


def host_fragments(inventory: Inventory) -> dict[str, dict[str, str]]:
    """What to ask each host that has a role."""
    questions: dict[str, dict[str, str]] = {}
    for name in inventory.directors.hosts:
        questions.setdefault(name, {}).update(look_director.fragments(inventory))
    for name in inventory.real_servers.hosts:
        questions.setdefault(name, {}).update(look_real_server.fragments(inventory, name))
    for name in inventory.storage.hosts if inventory.storage else ():
        assert inventory.storage is not None
        questions.setdefault(name, {}).update(look_storage.fragments(inventory.storage))
    for asked in questions.values():
        asked[_INTERFACES] = LOOK
    return questions


def assemble(
    inventory: Inventory, seen: Seen, silent: dict[str, str], runtime: Runtime
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
    return ClusterState(directors, real_servers, storage, unreachable, runtime)
