"""Start the app with the new release."""

from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext
from provisioning.operations.rolling_upgrade.state import Node


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "start the app"


def _run(context: PhaseContext) -> None:
    context.timed("start", lambda: context.cluster.start(context.host))


def _undo(context: PhaseContext) -> None:
    context.cluster.stop(context.host)


START = Phase("start", "starting the app", _describe, _run, _undo)
