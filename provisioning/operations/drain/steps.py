"""Drain a real server without interrupting clients, and bring it back.

Out: the state is written down, the directors give it weight 0 (established connections go on), or
the edges where these are alone, the node is marked (it takes no new sessions and its readiness
check says so), its work is waited for, then persistence lets go of its clients. Back: the mark
goes, the node is ready, its weight returns. Each step can be done again, so a cut drain is
finished by another, or by the next deploy.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime

from ...engine.observe import run_fragments
from ...engine.plan import HostPlan, fragments, plan_part
from ...engine.progress import Event
from ...engine.waves import Wave
from ...facts.app.status import app_status
from ...facts.gather import ask_each
from ...model.derived.engine_needs import start_patience
from ...model.derived.way_in import way_in, way_in_word
from ...model.runtime import Drain, Runtime
from ...places import EDGE_NODES, EDGE_SERVICE, NGINX_CONF, NGINX_PROGRAM
from ...roles.real_server.app import drain_flag
from ...transport.base import Transport
from ..cluster_state.tables import TABLE_PATIENCE, check_time, differing, holders_of, look_at_tables
from ..errors import OperationError
from ..operation import Operation
from ..state_folder.runtime_state import (
    load_applied,
    save_applied,
    save_runtime,
    with_drain,
    with_share,
    without_drain,
)
from .capacity import lacking_without
from .remaining_work import RemainingWork, await_idle
from .runtime_change import apply_parts, director_parts, edges_of, plan_directors

_START_PATIENCE = 240.0
"""Seconds until a node that was just started is ready."""


def take_out(
    op: Operation,
    name: str,
    *,
    reason: str = "",
    stopped: bool = False,
    cause: str = "",
    directors: list[str] | None = None,
    force: bool = False,
    asks: bool = True,
) -> None:
    """Set weight 0 for a real server in the kernels of all directors, and mark it. Returns once
    both are done; its work continues. Raises ``OperationError``; ``force`` continues without a
    director that cannot be reached, without capacity that is left, and over edits nobody has
    deployed.

    ``cause`` is the command that will bring it back itself; without, it is the operator's drain.
    ``directors`` limits the directors that are changed. Without ``asks`` its hook was asked, or is
    not to be."""
    before = op.cluster.runtime
    directors = directors or _directors(op, force=force)
    if name not in before.drains:
        _require_capacity(op, directors, name, force=force)
        if asks:
            op.hooks.before("drain", name, progress=op.progress, reason=reason)
    drain = before.drains.get(name)
    if drain is None or (drain.cause and not cause):
        drain = Drain(op.run.holder, _now(), reason, stopped=stopped)
    drain = replace(drain, reason=reason or drain.reason, settled=False, cause=cause)
    after = with_drain(before, name, drain)
    # Not from what is written down: a cut drain may have come to one director only.
    base = without_drain(before, name)
    change_directors(op, base, after, directors, force=force)
    _await_kernels(op, after, name, directors, TABLE_PATIENCE)
    set_mark(op, after, name, force=force)
    op.run.journal.write("drained", host=name, reason=reason)


def wait_until_idle(op: Operation, name: str, *, timeout: float) -> RemainingWork | None:
    """Wait for jobs and open connections of a real server, at most ``timeout`` seconds; return the
    work that is left then, or None."""
    left = await_idle(op, [name], timeout=timeout)
    return left.get(name)


def settle(
    op: Operation,
    name: str,
    *,
    directors: list[str] | None = None,
    tells: bool = True,
) -> bool:
    """End the persistence that holds clients to a drained real server: they have had their time.
    Then its hook is told, where it ``tells``. True where there was something to do."""
    before = op.cluster.runtime
    drain = before.drains.get(name)
    if drain is None or drain.settled:
        return False
    after = with_drain(before, name, replace(drain, settled=True))
    directors = directors or _directors(op, force=True)
    change_directors(op, before, after, directors, force=True)
    if tells:
        op.hooks.after("drain", name, progress=op.progress, reason=drain.reason)
    return True


def bring_back(
    op: Operation,
    name: str,
    *,
    share: int = 100,
    directors: list[str] | None = None,
    force: bool = False,
) -> None:
    """Remove the mark, wait until the node is ready, set its weight, or a ``share`` of it in
    percent, on all directors (or those given) and wait until their kernels have it. Raises
    ``OperationError``; then the real server is drained as before."""
    before = op.cluster.runtime
    after = with_share(without_drain(before, name), name, share)
    directors = directors or _directors(op, force=force)
    set_mark(op, after, name, force=False)
    try:
        await_ready(op, name)
    except OperationError:
        set_mark(op, before, name, force=True)
        raise
    base = with_drain(after, name, Drain(op.run.holder, _now()))
    change_directors(op, base, after, directors, force=force)
    patience = TABLE_PATIENCE + check_time(op.cluster.inventory)
    _await_kernels(op, after, name, directors, patience)
    op.run.journal.write("undrained", host=name)


def set_mark(op: Operation, runtime: Runtime, name: str, *, force: bool) -> None:
    """Set the drain mark on a real server as the runtime state has it. With ``force`` a host
    that cannot be reached is left as it is."""
    mark = drain_flag(runtime, name)

    def look(host: str, transport: Transport) -> HostPlan:
        return plan_part(host, (mark,), run_fragments(host, transport, fragments((), (mark,))))

    op.fleet.connect([name])
    plans = op.fleet.each([name], look)
    if not plans:
        if force:
            return
        raise OperationError(f"{op.fleet.errors[name]} (the mark on it could not be changed)")
    apply_parts(op, plans, [Wave("real server", (name,))])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _directors(op: Operation, *, force: bool) -> list[str]:
    """List the directors, or edges alone, that can be reached; all of them, unless forced."""
    names, fleet = way_in(op.cluster.inventory), op.fleet
    fleet.connect(names)
    gone = [name for name in names if name not in fleet.transports]
    if len(gone) == len(names):
        word = way_in_word(op.cluster.inventory)
        raise OperationError(f"no {word} can be reached: {fleet.errors[gone[0]]}")
    if gone and not force:
        raise OperationError(
            f"{fleet.errors[gone[0]]}; it would not know, and act differently if it took over. "
            "--force continues without it, and the next deploy tells it"
        )
    return [name for name in names if name not in gone]


def _edges(
    op: Operation, befores: tuple[Runtime, ...], after: Runtime, *, force: bool
) -> list[str]:
    """List the edges that the change concerns; with ``force`` those that can be reached."""
    inventory, fleet = op.cluster.inventory, op.fleet
    parts = [director_parts(inventory, before, after) for before in befores]
    names = [one for one in edges_of(inventory) if any(part[one][1] for part in parts)]
    if not names:
        return []
    fleet.connect(names)
    gone = [name for name in names if name not in fleet.transports]
    if gone and not force:
        raise OperationError(
            f"{fleet.errors[gone[0]]}; it would go on sending as before. --force continues "
            "without it, and the next deploy tells it"
        )
    has_one = {"edge": f"[ -x {NGINX_PROGRAM} ] && [ -s {NGINX_CONF} ] && [ -s {EDGE_NODES} ]"}

    def deployed(host: str, transport: Transport) -> bool:
        return not run_fragments(host, transport, has_one)["edge"].status

    # One that was never deployed sends nowhere yet.
    return [name for name, yes in fleet.each(names, deployed).items() if yes]


def _require_capacity(op: Operation, directors: list[str], name: str, *, force: bool) -> None:
    tables = look_at_tables(op.cluster.inventory, directors, op.fleet)
    if missing := [one for one in directors if one not in tables]:
        raise OperationError(str(op.fleet.errors[missing[0]]))
    lacking = lacking_without(op.cluster.inventory, op.cluster.runtime, tables, frozenset({name}))
    if lacking and not force:
        raise OperationError(f"{name} is needed: {'; '.join(lacking)}. --force drains it anyway")


def change_directors(
    op: Operation, before: Runtime, after: Runtime, directors: list[str], *, force: bool
) -> None:
    """Save the state, then change the directors to match, those that hold a VIP last; and before
    them the edges, which send to real servers too."""
    cluster, fleet = op.cluster, op.fleet
    befores = (before, load_applied(cluster.state_dir))
    edges = _edges(op, befores, after, force=force)
    # Edges alone are among both.
    directors = [name for name in directors if name in cluster.inventory.directors.hosts]
    senders = [*edges, *directors]
    plans, strange = plan_directors(cluster.inventory, befores, after, fleet, senders)
    if missing := [name for name in senders if name not in plans]:
        raise OperationError(str(fleet.errors[missing[0]]))
    if strange and not force:
        where = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in strange.items())
        raise OperationError(
            f"not as the inventory says: {where}. `cluster deploy` first, or --force takes this "
            "over too"
        )
    save_runtime(cluster.state_dir, after)
    masters = holders_of(cluster.inventory, fleet)
    backups = tuple(n for n in directors if n not in masters)
    order = [
        Wave("edges", tuple(edges), gate="every"),
        Wave("backup directors", backups, gate="every"),
        Wave("master directors", tuple(n for n in directors if n in masters), gate="every"),
    ]
    apply_parts(op, plans, order)
    save_applied(cluster.state_dir, after)


def _await_kernels(
    op: Operation, runtime: Runtime, name: str, directors: list[str], patience: float
) -> None:
    """Wait until a real server has its weight in every one of the directors' kernels. Raises
    ``OperationError`` with what still differs after ``patience`` seconds."""
    end = time.monotonic() + patience
    while True:
        tables = look_at_tables(op.cluster.inventory, directors, op.fleet)
        left = differing(op.cluster.inventory, runtime, tables, name)
        left += [str(op.fleet.errors[one]) for one in directors if one not in tables]
        if not left:
            return
        if time.monotonic() >= end:
            edge = way_in_word(op.cluster.inventory) == "edge"
            log = f"{EDGE_SERVICE}'s log" if edge else "Keepalived's log"
            raise OperationError(
                f"{name}: not within {patience:g} s: {'; '.join(left)}. See {log} there, and "
                "do this again"
            )
        op.progress(Event("waiting", name, "its weight to be in effect", detail="; ".join(left)))
        time.sleep(0.5)


def await_ready(op: Operation, name: str, *, drained: bool = False) -> None:
    """Wait until the app on a node would take work, but for its drain mark where it is
    ``drained``. Raises ``OperationError``."""
    question = app_status(op.cluster.inventory, name)
    end = time.monotonic() + start_patience(op.cluster.inventory, _START_PATIENCE)
    while True:
        answer = ask_each([name], op.fleet, question).get(name)
        if answer is not None and answer.not_ready in ({"draining"} if drained else {""}):
            return
        why = (answer and answer.not_ready) or str(op.fleet.errors.get(name, ""))
        if time.monotonic() >= end or answer is None:
            raise OperationError(f"{name} is not ready: {why}. It stays drained")
        op.progress(Event("waiting", name, "it to be ready", detail=why))
        time.sleep(1)
