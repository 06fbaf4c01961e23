"""Plan of an upgrade: its nodes, their order, and conflicts with an earlier one. Pure but for the
observations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...errors import ClusterError
from ...model.derived.resolve import virtual_services
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ...model.labels import label_values
from ...model.service import Scheduler
from ..rolling.errors import PreflightError
from ..rolling.run_status import OVER, RunStatus
from ..rolling.snapshot import ClusterSnapshot
from .options import UpgradeOptions
from .ordering import planned
from .state import MOVING, Node, Upgrade

_WEIGHTED = (Scheduler.WRR, Scheduler.WLC, Scheduler.SED, Scheduler.NQ, Scheduler.SH, Scheduler.MH)


class Looker(Protocol):
    """The part of ``ClusterActions`` that a plan needs."""

    def look(self) -> ClusterSnapshot: ...

    def director_changes(self, hosts: Sequence[str]) -> dict[str, tuple[list[str], bool]]: ...


class UpgradeConflictError(ClusterError):
    """No upgrade can begin or continue; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Nodes of an upgrade, in order."""

    nodes: tuple[Node, ...]
    notes: tuple[str, ...]
    """For the operator."""


def plan_upgrade(
    inventory: Inventory,
    hosts: Collection[str],
    target: str,
    options: UpgradeOptions,
    looker: Looker,
) -> Plan:
    """Choose the nodes and their order. Real servers that run the target already are left out, and
    directors without changes. Raises ``PreflightError``, ``OptionError`` and
    ``ActionError``."""
    snapshot = looker.look()
    servers = [name for name in inventory.real_servers.hosts if name in hosts]
    if gone := [snapshot.unreachable[name] for name in servers if name in snapshot.unreachable]:
        raise PreflightError("; ".join(gone))
    unknown = [name for name in servers if not snapshot.nodes[name].release]
    if unknown:
        raise PreflightError(
            f"{', '.join(unknown)}: nothing was deployed there yet; `cluster deploy` first"
        )
    due = [name for name in servers if snapshot.nodes[name].release != target]
    there = [name for name in servers if name not in due]
    notes = [f"{', '.join(there)}: on {target} already"] if there else []
    if drained := [name for name in due if name in snapshot.drained]:
        notes.append(f"{', '.join(drained)}: drained, and will stay so; `cluster undrain` ends it")
    # Named ones are looked at; the others keep what they have.
    named = [n for n in inventory.directors.hosts if n in hosts and n not in snapshot.unreachable]
    changing = []
    for name, (changes, restarts) in (looker.director_changes(named) if named else {}).items():
        if changes:
            changing.append(name)
            how = "with a restart" if restarts else "by reload"
            notes.append(f"{name}: {how}: {'; '.join(changes)}")
    notes += slow_start_notes(inventory, due, options)
    return Plan(planned(due, changing, options, snapshot, label_values(inventory)), tuple(notes))


def slow_start_notes(
    inventory: Inventory, hosts: Sequence[str], options: UpgradeOptions
) -> list[str]:
    """Note services and nodes where a share of the weight makes no difference."""
    if not options.slow_start:
        return []
    notes = []
    # Nginx on an edge looks at weights in any case.
    for service in () if edges_alone(inventory) else virtual_services(inventory):
        if service.scheduler not in _WEIGHTED:
            notes.append(
                f"{service.name}: {service.scheduler} does not look at weights, so --slow-start "
                "makes no difference; wlc or wrr do"
            )
    least = min(step.percent for step in options.slow_start)
    small = [h for h in hosts if inventory.real_servers.hosts[h].weight * least < 100]
    if small:
        notes.append(
            f"{', '.join(small)}: of so small a weight {least}% is rounded up to 1; give real "
            "servers a weight of 100"
        )
    return notes


def require_new_run(saved: Upgrade | None) -> None:
    """Raise ``UpgradeConflictError`` when an earlier run left a node under way."""
    if saved is None or saved.status in OVER:
        return
    if moving := [node.host for node in saved.nodes if node.status in MOVING]:
        raise UpgradeConflictError(
            f"an upgrade to {saved.target} was cut with {', '.join(moving)} under way; --resume "
            "continues, --abort rolls them back to the old release"
        )


def unfinished(saved: Upgrade | None) -> bool:
    """True where an upgrade can be resumed."""
    return saved is not None and saved.status not in OVER


def require_unfinished(saved: Upgrade | None) -> Upgrade:
    """Return the upgrade to resume. Raises ``UpgradeConflictError`` where there is none."""
    if saved is None:
        raise UpgradeConflictError("no upgrade to resume; start one without --resume")
    if saved.status is RunStatus.ABORTED:
        raise UpgradeConflictError(f"the upgrade to {saved.target} was aborted; start a new one")
    if saved.status is RunStatus.FINISHED:
        raise UpgradeConflictError(f"the upgrade to {saved.target} is finished; start a new one")
    return saved
