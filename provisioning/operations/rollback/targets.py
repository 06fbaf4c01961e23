"""Target releases of a rollback, and desired state of hosts with them. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ...engine.waves import Wave
from ...facts.host_releases import HostReleases
from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import service_manager_of
from ...model.inventory import Inventory
from ...model.runtime import Pin, Runtime
from ...resources.service import Service
from ...roles.desired import DesiredHost, desired_hosts
from ...roles.release_steps import switched
from ..errors import OperationError
from ..rolling_upgrade.state import CAUSE
from ..state_folder.runtime_state import with_pins
from .unfinished_upgrade import BegunUpgrade


class RollbackError(OperationError):
    """No release to roll back to; the message says where, and which there are."""


def targets(
    seen: Mapping[str, HostReleases],
    pins: Mapping[str, Pin],
    to: str | None,
    begun: BegunUpgrade | None = None,
) -> dict[str, str]:
    """Choose the release each host rolls back to: ``to``, else what it had before an upgrade that
    has not come to its end, else the one before the one it has. A host that was rolled back already
    stays where it is, so that a run that was cut can be run again; and one that has what others go
    back to stays as well, so that they have the same then. ``pins`` are those of all chosen hosts,
    of those too that cannot be reached.

    Raises ``RollbackError`` with every host where that cannot be done.
    """
    chosen = dict.fromkeys(seen, to) if to else _backwards(seen, pins, begun)
    found: dict[str, str] = {}
    wrong: list[str] = []
    for name, host in seen.items():
        target = chosen[name]
        if host.problem:
            wrong.append(f"{name}: its releases cannot be told: {host.problem}")
        elif not target:
            wrong.append(f"{name} had no other release before {host.current or 'this'}{_has(host)}")
        elif target not in host.whole:
            wrong.append(f"{name} has no release {target}{_has(host)}")
        else:
            found[name] = target
    if wrong:
        raise RollbackError("\n".join(wrong))
    return found


def _backwards(
    seen: Mapping[str, HostReleases], pins: Mapping[str, Pin], begun: BegunUpgrade | None
) -> dict[str, str]:
    """The release that each host goes back to, or stays with; empty where there is none."""
    has = {name: host.current for name, host in seen.items()}
    has |= {name: pin.release for name, pin in pins.items()}
    undone = begun.undone(has) if begun else {}
    goals = {name: _before(seen.get(name), pins.get(name)) for name in has} | undone
    moving = {name for name in has if goals[name] != has[name]}
    held = {has[name] for name in has if name not in moving and (name in pins or name in undone)}
    reached = held | {goals[name] for name in moving}
    staying = {name for name in moving if has[name] in reached and name not in undone}
    for_good = held | {goals[name] for name in moving - staying}
    if astray := [name for name in sorted(staying) if has[name] not in for_good]:
        ways = ", ".join(f"{name} has {has[name]}, before it {goals[name]}" for name in astray)
        raise RollbackError(
            f"hosts differ, and would not have the same then: {ways}; name the release with `--to`"
        )
    goals |= {name: has[name] for name in staying}
    # One that has nothing else to go back to, and is held by nobody, is told of.
    return {
        name: "" if goal == has[name] and has[name] not in for_good else goal
        for name, goal in goals.items()
    }


def _before(host: HostReleases | None, pin: Pin | None) -> str:
    """The release to go back to; the one that it has where it was rolled back already."""
    if pin is not None:
        return pin.left[0] if pin.left else pin.release
    return host.previous if host is not None else ""


def _has(host: HostReleases) -> str:
    if not host.whole:
        return "; it has none at all"
    marked = (f"{id} (runs)" if id == host.current else id for id in host.whole)
    return f"; it has: {', '.join(marked)}"


def pinned(runtime: Runtime, chosen: Mapping[str, str], who: str) -> Runtime:
    """Pin hosts to releases in a copy of the runtime state."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    pins = {
        name: old
        if (old := runtime.pins.get(name)) and old.release == release and not old.left
        else Pin(release, who, now)
        for name, release in chosen.items()
    }
    return with_pins(runtime, pins)


def desired_rollback(inventory: Inventory, runtime: Runtime) -> dict[str, DesiredHost]:
    """Desired state of every pinned host: the switch and nothing else, but that the app runs again
    where an upgrade that was cut may have stopped it."""
    wanted = desired_hosts(inventory, None, runtime)
    found = {name: switched(wanted[name]) for name in runtime.pins if name in wanted}
    for name, host in found.items():
        drain = runtime.drains.get(name)
        if drain and drain.cause == CAUSE:
            manager = service_manager_of(inventory, name)
            nodes = nodes_of(inventory, name)
            apps = (Service(name=node.service, manager=manager) for node in nodes)
            found[name] = replace(host, resources=(*host.resources, *apps))
    return found


def rollback_waves(chosen: Mapping[str, str]) -> list[Wave]:
    """Put all hosts into one wave; its batches keep the service up."""
    return [Wave("real servers", tuple(chosen))]
