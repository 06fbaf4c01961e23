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
from ...facts.app.status import app_status
from ...facts.gather import ask_each
from ...model.derived.engine_needs import start_patience
from ...model.runtime import Drain, Runtime
from ...roles.real_server.app import drain_flag
from ...transport.base import Transport
from ..errors import OperationError
from ..operation import Operation
from ..state_folder.runtime_state import (
    with_drain,
    with_share,
    without_drain,
)
from .capacity import require_capacity
from .director_change import (
    change_directors,
    make_change,
    plan_change,
    reachable_directors,
)
from .remaining_work import RemainingWork, await_idle
from .runtime_change import apply_part
from .weights import TABLE_PATIENCE, await_weight, check_time

_START_PATIENCE = 240.0
"""Seconds until a node that was just started is ready."""
_FRESH = 15.0
"""Seconds that a look at the directors holds good."""


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
    marks: bool = True,
) -> None:
    """Set weight 0 for a real server in the kernels of all directors, and mark it. Returns once
    both are done; its work continues. Raises ``OperationError``; ``force`` continues without a
    director that cannot be reached, without capacity that is left, and over edits nobody has
    deployed.

    ``cause`` is the command that will bring it back itself; without, it is the operator's drain.
    ``directors`` limits the directors that are changed. Without ``asks`` its hook was asked, or is
    not to be. Without ``marks`` the host has nothing of the cluster yet; its mark comes with all
    else."""
    before = op.cluster.runtime
    directors = directors or reachable_directors(op, force=force)
    drain = before.drains.get(name)
    if drain is None or (drain.cause and not cause):
        drain = Drain(op.run.holder, _now(), reason, stopped=stopped)
    drain = replace(drain, reason=reason or drain.reason, settled=False, cause=cause)
    after = with_drain(before, name, drain)
    # Not from what is written down: a cut drain may have come to one director only.
    base = without_drain(before, name)
    marked = name if marks else ""
    change = plan_change(op, base, after, directors, force=force, marked=marked)
    if name not in before.drains:
        require_capacity(op, change, name, force=force)
        if asks:
            op.hooks.before("drain", name, progress=op.progress, reason=reason)
    make_change(op, change)
    await_weight(op, after, name, directors, TABLE_PATIENCE)
    if change.mark is not None:
        apply_part(op, change.mark)
    elif marks:
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
    directors = directors or reachable_directors(op, force=True)
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
    directors = directors or reachable_directors(op, force=force)
    base = with_drain(after, name, Drain(op.run.holder, _now()))
    change = plan_change(op, base, after, directors, force=force, marked=name)
    if change.mark is None:
        set_mark(op, after, name, force=False)
    else:
        apply_part(op, change.mark)
    looked = time.monotonic()
    try:
        await_ready(op, name)
    except OperationError:
        set_mark(op, before, name, force=True)
        raise
    if time.monotonic() > looked + _FRESH:
        change = plan_change(op, base, after, directors, force=force)
    make_change(op, change)
    patience = TABLE_PATIENCE + check_time(op.cluster.inventory)
    await_weight(op, after, name, directors, patience)
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
    apply_part(op, plans[name])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


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
