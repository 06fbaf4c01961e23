"""Drain a node: no new work, and time for the work that it has."""

from ...drain.remaining_work import RemainingWork
from ...rolling.capacity import forbidding, objections
from ...rolling.errors import PhaseError
from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext

_LOOK_EVERY = 1.0
"""Seconds between counts of the remaining work."""
_FRESH = 5.0
"""Seconds for which the look before a batch, or before the next node of a window, holds good."""
_IDLE_COUNTS = 2
"""In a row: a client may be between two requests."""
DEADLINE_FACT = "drained_past_deadline"


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    if node.drained:
        return "drained already, and stays so; wait for its jobs and streams"
    then = {
        "wait": "keep waiting",
        "kill": "end what is left",
        "stop": "return the node to service and stop the run",
    }[options.on_deadline]
    return (
        "weight 0 on every director and edge, no new sessions, wait for its jobs and streams; "
        f"after {options.drain_timeout:g} s: {then}"
    )


def _run(context: PhaseContext) -> None:
    context.cluster.ask_hooks(context.host)
    if context.node.drained:
        context.timed("drain", lambda: _wait(context))
        return
    with context.capacity_lock:
        snapshot = context.cluster.look(at_most=_FRESH)
        against = forbidding(objections(snapshot, {context.host}))
        if against and not context.options.force:
            raise PhaseError(f"not taken out of service: {against}")
        context.cluster.drain(context.host, f"rolling upgrade to {context.target}")
    context.timed("drain", lambda: _wait(context))
    context.cluster.settle(context.host)


def _wait(context: PhaseContext) -> None:
    deadline = context.clock.now() + context.options.drain_timeout
    late, quiet = False, 0
    while True:
        left = context.cluster.remaining_work(context.host)
        quiet = quiet + 1 if left.stoppable else 0
        if quiet == _IDLE_COUNTS:
            return
        context.report("waiting", f"{left} left", left.counts())
        if not quiet and not late and context.clock.now() >= deadline:
            late = True
            _past_deadline(context, left)
            if context.options.on_deadline == "kill":
                return
        context.clock.sleep(_LOOK_EVERY)


def _past_deadline(context: PhaseContext, left: RemainingWork) -> None:
    seconds = f"{context.options.drain_timeout:g} s"
    context.facts[DEADLINE_FACT] = 1.0
    if context.options.on_deadline == "stop":
        raise PhaseError(
            f"not idle within {seconds}: {left} left; give it --drain-timeout, or say what to do "
            "then with --on-deadline wait or kill"
        )
    what = "waiting on" if context.options.on_deadline == "wait" else "ending them"
    context.report("note", f"not idle within {seconds}: {left} left, {what}")


def _undo(context: PhaseContext) -> None:
    if not context.node.drained:
        context.cluster.undrain(context.host)


DRAIN = Phase("drain", "draining", _describe, _run, _undo)
