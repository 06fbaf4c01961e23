"""Stop the app of the drained node."""

from ..options import UpgradeOptions
from ..state import Node
from .baseline import record_baseline
from .phase import Phase, PhaseContext
from .warm import wait_warm


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "speak a test sentence for comparison, then stop the app"


def _run(context: PhaseContext) -> None:
    record_baseline(context)
    context.timed("stop", lambda: context.cluster.stop(context.host))


def _undo(context: PhaseContext) -> None:
    context.cluster.start(context.host)
    wait_warm(context)


STOP = Phase("stop", "stopping the app", _describe, _run, _undo)
