"""From what is asked for and what is seen to an upgrade that can begin. Pure but for the looks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from provisioning.errors import ClusterError
from provisioning.model.inventory import Inventory
from provisioning.model.service import Scheduler
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.ordering import planned
from provisioning.operations.rolling_upgrade.preflight import PreflightError
from provisioning.operations.rolling_upgrade.sight import Sight
from provisioning.operations.rolling_upgrade.state import MOVING, Node, RunStatus, Upgrade

_WEIGHTED = (Scheduler.WRR, Scheduler.WLC, Scheduler.SED, Scheduler.NQ, Scheduler.SH, Scheduler.MH)


class Looker(Protocol):
    """The part of ``Hands`` that a plan needs."""

    def look(self) -> Sight: ...

    def director_changes(self, host: str) -> tuple[list[str], bool]: ...


class NotNowError(ClusterError):
    """No upgrade can begin or go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done."""

    nodes: tuple[Node, ...]
    notes: tuple[str, ...]
    """For the operator."""


def plan_upgrade(
    inventory: Inventory, hosts: Collection[str], target: str, choices: Choices, looker: Looker
) -> Plan:
    """Which nodes, in which order. Real servers that run the target already are left out, and
    directors that have nothing to change. Raises ``PreflightError``, ``ChoiceError`` and
    ``HandError``."""
    sight = looker.look()
    servers = [name for name in inventory.real_servers.hosts if name in hosts]
    if gone := [sight.unreachable[name] for name in servers if name in sight.unreachable]:
        raise PreflightError("; ".join(gone))
    unknown = [name for name in servers if not sight.nodes[name].release]
    if unknown:
        raise PreflightError(
            f"{', '.join(unknown)}: nothing was deployed there yet; `cluster deploy` first"
        )
    due = [name for name in servers if sight.nodes[name].release != target]
    there = [name for name in servers if name not in due]
    notes = [f"{', '.join(there)}: on {target} already"] if there else []
    if drained := [name for name in due if name in sight.drained]:
        notes.append(f"{', '.join(drained)}: drained, and will stay so; `cluster undrain` ends it")
    changing = []
    for name in inventory.directors.hosts:
        # Named ones are looked at; the others keep what they have.
        if name in hosts and name not in sight.unreachable:
            changes, restarts = looker.director_changes(name)
            if changes:
                changing.append(name)
                how = "with a restart" if restarts else "by reload"
                notes.append(f"{name}: {how}: {'; '.join(changes)}")
    notes += slow_start_notes(inventory, due, choices)
    return Plan(planned(due, changing, choices, sight), tuple(notes))


def slow_start_notes(inventory: Inventory, hosts: Sequence[str], choices: Choices) -> list[str]:
    """Where a share of the weight makes no difference."""
    if not choices.slow_start:
        return []
    notes = []
    for service in inventory.services:
        if service.scheduler not in _WEIGHTED:
            notes.append(
                f"{service.name}: {service.scheduler} does not look at weights, so --slow-start "
                "makes no difference; wlc or wrr do"
            )
    least = min(step.percent for step in choices.slow_start)
    small = [h for h in hosts if inventory.real_servers.hosts[h].weight * least < 100]
    if small:
        notes.append(
            f"{', '.join(small)}: of so small a weight {least}% is rounded up to 1; give real "
            "servers a weight of 100"
        )
    return notes


def require_new_run(saved: Upgrade | None) -> None:
    """Raises ``NotNowError`` when an earlier run left a node in the middle."""
    if saved is None or saved.status in (RunStatus.FINISHED, RunStatus.ABORTED):
        return
    if moving := [node.host for node in saved.nodes if node.status in MOVING]:
        raise NotNowError(
            f"an upgrade to {saved.target} was cut with {', '.join(moving)} under way; --resume "
            "goes on with it, --abort takes them back to the old release"
        )


def unfinished(saved: Upgrade | None) -> bool:
    """Whether there is one to go on with."""
    return saved is not None and saved.status not in (RunStatus.FINISHED, RunStatus.ABORTED)


def require_unfinished(saved: Upgrade | None) -> Upgrade:
    """The run to go on with. Raises ``NotNowError`` where there is none."""
    if saved is None:
        raise NotNowError("there is no upgrade to go on with; begin one without --resume")
    if saved.status is RunStatus.ABORTED:
        raise NotNowError(f"the upgrade to {saved.target} was given up; begin a new one")
    if saved.status is RunStatus.FINISHED:
        raise NotNowError(f"the upgrade to {saved.target} was finished; begin a new one")
    return saved
