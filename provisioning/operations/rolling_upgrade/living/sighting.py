"""From what the hosts answered to what an upgrade has to know. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.node_api import READY
from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.living import asking
from provisioning.operations.rolling_upgrade.sight import NodeSight, ServiceSight, Sight
from provisioning.operations.tables import Tables, weight_of
from provisioning.resources.base import Observation
from provisioning.roles.wanted_services import WantedService, wanted_services


@dataclass(frozen=True, slots=True)
class Answers:
    """What a real server said."""

    current: str
    """Where the link to its release leads."""
    app: Observation
    """Readiness and status."""


def assembled(
    inventory: Inventory,
    runtime: Runtime,
    tables: Tables,
    masters: Collection[str],
    answers: Mapping[str, Answers],
    silent: Mapping[str, str],
) -> Sight:
    """The whole."""
    wanted = wanted_services(inventory, runtime)
    return Sight(
        services=tuple(_service(one, tables) for one in wanted),
        nodes={name: node(said) for name, said in answers.items()},
        masters=tuple(name for name in inventory.directors.hosts if name in masters),
        drained=tuple(runtime.drains),
        faults=tuple(_faults(inventory, wanted, tables, masters, silent)),
        unreachable=dict(silent),
    )


def node(said: Answers) -> NodeSight:
    """One real server."""
    release = PurePosixPath(said.current).name
    try:
        code, _ = asking.reply(said.app, READY)
        status = asking.status(said.app)
    except HandError:
        return NodeSight(ready=False, release=release)
    jobs = status.get("jobs", {})
    return NodeSight(
        ready=code == 200,
        release=release,
        slots=int(status.get("capacity", 0)),
        places=int(status.get("queue_size", 0)),
        running=int(jobs.get("running", 0)),
        waiting=int(jobs.get("waiting", 0)),
    )


def _service(wanted: WantedService, tables: Tables) -> ServiceSight:
    weights = {
        host: min((weight_of(table, wanted, host) or 0 for table in tables.values()), default=0)
        for host in wanted.servers
    }
    return ServiceSight(wanted.endpoint, wanted.service.quorum, weights)


def _faults(
    inventory: Inventory,
    wanted: list[WantedService],
    tables: Tables,
    masters: Collection[str],
    silent: Mapping[str, str],
) -> list[str]:
    found = [why for name, why in silent.items() if name in inventory.directors.hosts]
    if not masters:
        found.append("no director holds the VIP")
    if len(masters) > 1 and (inventory.vrrp.sync_group or len(inventory.virtual_ips) == 1):
        found.append(f"{' and '.join(sorted(masters))} hold the VIP at the same time")
    for service in wanted:
        found += _disagreements(service, tables)
    return found


def _disagreements(service: WantedService, tables: Tables) -> list[str]:
    """Weights that move by themselves, and a drained node that one director has taken out, are no
    disagreement."""
    if service.weights_move:
        return []
    found = []
    for host in service.servers:
        seen = {name: weight_of(table, service, host) or 0 for name, table in tables.items()}
        if len(set(seen.values())) > 1:
            words = ", ".join(f"{weight} on {name}" for name, weight in seen.items())
            found.append(
                f"{service.endpoint}: the directors do not agree on {host}: weight {words}"
            )
    return found
