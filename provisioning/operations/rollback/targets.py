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


class RollbackError(OperationError):
    """No release to roll back to; the message says where, and which there are."""


def targets(
    seen: Mapping[str, HostReleases],
    pins: Mapping[str, Pin],
    to: str | None,
    unfinished: Mapping[str, str],
) -> dict[str, str]:
    """Choose the release each host rolls back to: ``to``, else the one it has in ``unfinished``,
    which is what hosts had before an upgrade that has not come to its end, else the one before the
    one it has. A host that was rolled back already stays where it is, so that a run that was cut
    can be run again; and one that has what others go back to stays as well, so that they have the
    same then.

    Raises ``RollbackError`` with every host where that cannot be done.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    has = {name: pins[name].release if name in pins else seen[name].current for name in seen}
    before = {name: _before(host, pins.get(name)) for name, host in seen.items()}
    reached = {release for name, release in before.items() if name in pins or release != has[name]}
    for name, host in seen.items():
        stays = name in unfinished or has[name] in reached
        target = to or unfinished.get(name) or (has[name] if stays else before[name])
        if host.problem:
            wrong.append(f"{name}: its releases cannot be told: {host.problem}")
        elif not target or (target == host.current and not to and not stays):
            wrong.append(f"{name} had no other release before {host.current or 'this'}{_has(host)}")
        elif target not in host.whole:
            wrong.append(f"{name} has no release {target}{_has(host)}")
        else:
            found[name] = target
    if wrong:
        raise RollbackError("\n".join(wrong))
    return found


def _before(host: HostReleases, pin: Pin | None) -> str:
    """The release to go back to; the one that it has where it was rolled back already."""
    if pin is None:
        return host.previous
    return pin.left[0] if pin.left else pin.release


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
        if (old := runtime.pins.get(name)) and old.release == release
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
