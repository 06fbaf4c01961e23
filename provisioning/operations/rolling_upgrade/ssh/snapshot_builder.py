"""Build a snapshot from the answers of the hosts. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ....facts.app.readiness import AppReadiness
from ....facts.gpus import GpusFound
from ....model.derived.way_in import way_in, way_in_vips, way_in_word
from ....model.inventory import Inventory
from ....model.runtime import Runtime
from ....roles.wanted_services import WantedService, way_in_services
from ...cluster_state.tables import Tables
from ...drain.weights import weight_of
from ...rolling.snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot


@dataclass(frozen=True, slots=True)
class NodeAnswers:
    """Answers of a real server."""

    release: str
    """Id of the release that the next start takes."""
    app: AppReadiness
    gpus: GpusFound | None = None
    """Nothing where the inventory expects none."""


def build_snapshot(
    inventory: Inventory,
    runtime: Runtime,
    tables: Tables,
    masters: Collection[str],
    answers: Mapping[str, NodeAnswers],
    silent: Mapping[str, str],
) -> ClusterSnapshot:
    """Build the snapshot of the whole cluster."""
    wanted = way_in_services(inventory, runtime)
    return ClusterSnapshot(
        services=tuple(_service(one, tables) for one in wanted),
        nodes={name: node(said) for name, said in answers.items()},
        masters=tuple(name for name in way_in(inventory) if name in masters),
        drained=tuple(runtime.drains),
        faults=tuple(_faults(inventory, wanted, tables, masters, silent)),
        unreachable=dict(silent),
    )


def node(said: NodeAnswers) -> NodeSnapshot:
    """Build the snapshot of one real server."""
    app = said.app.app.status
    lacking = said.gpus.lacking if said.gpus else ()
    if app is None:
        return NodeSnapshot(ready=False, release=said.release, lacking=lacking)
    return NodeSnapshot(
        ready=said.app.ready,
        release=said.release,
        slots=app.slots,
        places=app.places,
        running=app.running,
        waiting=app.waiting,
        lacking=lacking,
    )


def _service(wanted: WantedService, tables: Tables) -> ServiceSnapshot:
    weights = {
        host: min((weight_of(table, wanted, host) or 0 for table in tables.values()), default=0)
        for host in wanted.servers
    }
    return ServiceSnapshot(wanted.endpoint, wanted.service.quorum, weights)


def _faults(
    inventory: Inventory,
    wanted: list[WantedService],
    tables: Tables,
    masters: Collection[str],
    silent: Mapping[str, str],
) -> list[str]:
    word = way_in_word(inventory)
    found = [why for name, why in silent.items() if name in way_in(inventory)]
    if not masters:
        found.append(f"no {word} holds the VIP")
    together = inventory.vrrp.sync_group or len(way_in_vips(inventory)) == 1
    if len(masters) > 1 and together:
        found.append(f"{' and '.join(sorted(masters))} hold the VIP at the same time")
    for service in wanted:
        found += _disagreements(service, tables, word)
    return found


def _disagreements(service: WantedService, tables: Tables, word: str) -> list[str]:
    """List weights that differ among directors, or edges alone. Weights that move by
    themselves, and a drained node that one director has taken out, are not disagreements."""
    if service.weights_move:
        return []
    found = []
    for host in service.servers:
        seen = {name: weight_of(table, service, host) or 0 for name, table in tables.items()}
        if len(set(seen.values())) > 1:
            words = ", ".join(f"{weight} on {name}" for name, weight in seen.items())
            found.append(f"{service.endpoint}: the {word}s do not agree on {host}: weight {words}")
    return found
