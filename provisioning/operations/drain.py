"""Takes a real server out of service without anybody noticing, and puts it back.

Out: the state is written down, the directors give it weight 0 (established connections go on), the
node is marked (it takes no new sessions and its readiness check says so), its work is waited for,
then persistence lets go of its clients. Back: the mark goes, the node is ready, its weight returns.
Each step can be done again, so a cut drain is finished by another, or by the next deploy.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.plan import HostPlan, fragments, plan_part
from provisioning.engine.progress import Event, Progress
from provisioning.engine.waves import Wave
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.capacity import lacking_without
from provisioning.operations.node_work import NodeWork, await_idle
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError, apply_parts, plan_directors
from provisioning.operations.runtime_state import (
    load_told,
    save_runtime,
    save_told,
    with_drain,
    with_share,
    without_drain,
)
from provisioning.operations.session import Site
from provisioning.operations.status.look_real_server import app_fragment, parse_app
from provisioning.operations.tables import (
    TABLE_PATIENCE,
    await_weights,
    check_time,
    holders_of,
    look_at_tables,
)
from provisioning.roles.real_server import drain_flag
from provisioning.transport.base import Transport

_START_PATIENCE = 240.0
"""Seconds until a node that was just started is ready."""


def take_out(
    site: Site,
    fleet: Fleet,
    run: Run,
    name: str,
    *,
    reason: str = "",
    stopped: bool = False,
    cause: str = "",
    directors: list[str] | None = None,
    force: bool = False,
    progress: Progress,
) -> None:
    """Gives a real server weight 0 in the kernels of all directors and marks it. Returns once both
    is so; its work goes on. Raises ``OperationError``; ``force`` goes on without a director that
    cannot be reached, without capacity that is left, and over edits nobody has deployed.

    ``cause`` is the command that will bring it back itself; without, it is the operator's drain.
    Given ``directors`` are all that are told."""
    before = site.runtime
    directors = directors or _directors(site.inventory, fleet, force=force)
    if name not in before.drains:
        _require_capacity(site.inventory, before, fleet, directors, name, force=force)
    drain = before.drains.get(name)
    if drain is None or (drain.cause and not cause):
        drain = Drain(run.holder, _now(), reason, stopped=stopped)
    drain = replace(drain, reason=reason or drain.reason, settled=False, cause=cause)
    after = with_drain(before, name, drain)
    # Not from what is written down: a cut drain may have come to one director only.
    base = without_drain(before, name)
    change_directors(site, fleet, run, base, after, directors, force=force, progress=progress)
    _await_kernels(site.inventory, after, fleet, name, directors, TABLE_PATIENCE, progress)
    set_mark(site.inventory, after, fleet, run, name, force=force, progress=progress)
    run.journal.write("drained", host=name, reason=reason)


def wait_until_idle(
    site: Site, fleet: Fleet, name: str, *, timeout: float, progress: Progress
) -> NodeWork | None:
    """Waits for jobs and open connections of a real server, at most ``timeout`` seconds; what is
    left then, or nothing."""
    left = await_idle(site.inventory, fleet, [name], timeout=timeout, progress=progress)
    return left.get(name)


def settle(
    site: Site,
    fleet: Fleet,
    run: Run,
    name: str,
    *,
    directors: list[str] | None = None,
    progress: Progress,
) -> None:
    """Its clients have had their time: persistence holds nobody to it any more."""
    before = site.runtime
    drain = before.drains.get(name)
    if drain is None or drain.settled:
        return
    after = with_drain(before, name, replace(drain, settled=True))
    directors = directors or _directors(site.inventory, fleet, force=True)
    change_directors(site, fleet, run, before, after, directors, force=True, progress=progress)


def bring_back(
    site: Site,
    fleet: Fleet,
    run: Run,
    name: str,
    *,
    share: int = 100,
    directors: list[str] | None = None,
    force: bool = False,
    progress: Progress,
) -> None:
    """Takes the mark away, waits until the node is ready, gives it its weight, or a ``share`` in
    percent, on all directors (or those given) and waits until their kernels have it. Raises
    ``OperationError``; then the real server is drained as before."""
    before = site.runtime
    after = with_share(without_drain(before, name), name, share)
    directors = directors or _directors(site.inventory, fleet, force=force)
    set_mark(site.inventory, after, fleet, run, name, force=False, progress=progress)
    try:
        await_ready(site.inventory, fleet, name, progress=progress)
    except OperationError:
        set_mark(site.inventory, before, fleet, run, name, force=True, progress=progress)
        raise
    base = with_drain(after, name, Drain(run.holder, _now()))
    change_directors(site, fleet, run, base, after, directors, force=force, progress=progress)
    patience = TABLE_PATIENCE + check_time(site.inventory)
    _await_kernels(site.inventory, after, fleet, name, directors, patience, progress)
    run.journal.write("undrained", host=name)


def set_mark(
    inventory: Inventory,
    runtime: Runtime,
    fleet: Fleet,
    run: Run,
    name: str,
    *,
    force: bool,
    progress: Progress,
) -> None:
    """Makes the drain mark on a real server what the runtime state says. With ``force`` a host
    that cannot be reached is left as it is."""
    mark = drain_flag(runtime, name)

    def look(host: str, transport: Transport) -> HostPlan:
        return plan_part(host, (mark,), run_fragments(host, transport, fragments((), (mark,))))

    fleet.connect([name])
    plans = fleet.each([name], look)
    if not plans:
        if force:
            return
        raise OperationError(f"{fleet.errors[name]} (the mark on it could not be changed)")
    apply_parts(plans, [Wave("real server", (name,))], fleet, run, progress)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _directors(inventory: Inventory, fleet: Fleet, *, force: bool) -> list[str]:
    """The directors that can be reached; all of them, unless forced."""
    names = list(inventory.directors.hosts)
    fleet.connect(names)
    gone = [name for name in names if name not in fleet.transports]
    if len(gone) == len(names):
        raise OperationError(f"no director can be reached: {fleet.errors[gone[0]]}")
    if gone and not force:
        raise OperationError(
            f"{fleet.errors[gone[0]]}; it would not know, and act differently if it took over. "
            "--force goes on without it, and the next deploy tells it"
        )
    return [name for name in names if name not in gone]


def _require_capacity(
    inventory: Inventory,
    runtime: Runtime,
    fleet: Fleet,
    directors: list[str],
    name: str,
    *,
    force: bool,
) -> None:
    tables = look_at_tables(directors, fleet)
    if missing := [one for one in directors if one not in tables]:
        raise OperationError(str(fleet.errors[missing[0]]))
    lacking = lacking_without(inventory, runtime, tables, frozenset({name}))
    if lacking and not force:
        raise OperationError(f"{name} is needed: {'; '.join(lacking)}. --force drains it anyway")


def change_directors(
    site: Site,
    fleet: Fleet,
    run: Run,
    before: Runtime,
    after: Runtime,
    directors: list[str],
    *,
    force: bool,
    progress: Progress,
) -> None:
    """Writes the state down, then makes the directors so, those that hold a VIP last."""
    befores = (before, load_told(site.state_dir))
    plans, strange = plan_directors(site.inventory, befores, after, fleet, directors)
    if missing := [name for name in directors if name not in plans]:
        raise OperationError(str(fleet.errors[missing[0]]))
    if strange and not force:
        where = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in strange.items())
        raise OperationError(
            f"not as the inventory says: {where}. `cluster deploy` first, or --force takes this "
            "over too"
        )
    save_runtime(site.state_dir, after)
    masters = holders_of(site.inventory, fleet)
    order = [
        Wave("backup directors", tuple(n for n in plans if n not in masters), gate="every"),
        Wave("master directors", tuple(n for n in plans if n in masters), gate="every"),
    ]
    apply_parts(plans, order, fleet, run, progress)
    save_told(site.state_dir, after)


def _await_kernels(
    inventory: Inventory,
    runtime: Runtime,
    fleet: Fleet,
    name: str,
    directors: list[str],
    patience: float,
    progress: Progress,
) -> None:
    def tell(text: str) -> None:
        progress(Event("waiting", name, "its weight in the kernels", detail=text))

    left = await_weights(inventory, runtime, fleet, name, directors, timeout=patience, tell=tell)
    if left:
        raise OperationError(
            f"{name}: not within {patience:g} s: {'; '.join(left)}. See Keepalived's log there,"
            " and do this again"
        )


def await_ready(
    inventory: Inventory, fleet: Fleet, name: str, *, drained: bool = False, progress: Progress
) -> None:
    """Waits until the app on a node would take work, but for its drain mark where it is
    ``drained``. Raises ``OperationError``."""
    question = {"app": app_fragment(inventory, name)}

    def look(host: str, transport: Transport) -> str:
        app, why = parse_app(run_fragments(host, transport, question)["app"])
        return why if app is None else app.not_ready

    end = time.monotonic() + _START_PATIENCE
    while True:
        said = fleet.each([name], look)
        if name in said and said[name] in ({"draining"} if drained else {""}):
            return
        why = said.get(name) or str(fleet.errors.get(name, ""))
        if time.monotonic() >= end or name not in said:
            raise OperationError(f"{name} is not ready: {why}. It stays drained")
        progress(Event("waiting", name, "it to be ready", detail=why))
        time.sleep(1)
