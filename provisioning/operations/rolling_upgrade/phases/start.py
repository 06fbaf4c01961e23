"""Start the app with the new release."""

from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "start the app"


def _run(context: PhaseContext) -> None:
    context.timed("start", lambda: context.cluster.start(context.host))


def _undo(context: PhaseContext) -> None:
    context.cluster.stop(context.host)


START = Phase("start", "starting the app", _describe, _run, _undo)
