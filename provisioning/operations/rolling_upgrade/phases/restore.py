"""Restore the node's weight, at once or in steps."""

from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    steps = "".join(f"{s.percent}% for {s.seconds:g} s, " for s in options.slow_start)
    return f"ready for clients, then {steps}its whole weight on every director and edge"


def _run(context: PhaseContext) -> None:
    def back() -> None:
        for step in context.options.slow_start:
            context.cluster.undrain(context.host, step.percent)
            context.report("waiting", f"{step.percent}% of its weight for {step.seconds:g} s")
            context.clock.sleep(step.seconds)
        context.cluster.undrain(context.host)

    context.timed("restore", back)


def _undo(context: PhaseContext) -> None:
    """Drain the node again, if it serves at all. Its jobs get the time of a drain, and no more:
    clients should not wait on a release that was found bad."""
    if context.node.drained:
        return
    context.cluster.drain(
        context.host, f"rolling back from {context.target}: {context.node.reason}"[:500]
    )
    deadline = context.clock.now() + context.options.drain_timeout
    while context.clock.now() < deadline:
        left = context.cluster.remaining_work(context.host)
        if left.stoppable:
            break
        context.report("waiting", f"{left} left", left.counts())
        context.clock.sleep(1.0)
    context.cluster.settle(context.host)


def _applies(node: Node, options: UpgradeOptions) -> bool:
    return not node.drained


RESTORE = Phase("restore", "restoring its weight", _describe, _run, _undo, _applies)
