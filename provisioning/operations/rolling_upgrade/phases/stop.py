"""Stop the app of the drained node."""

from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.baseline import record_baseline
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext
from provisioning.operations.rolling_upgrade.phases.warm import wait_warm
from provisioning.operations.rolling_upgrade.state import Node


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "speak a test sentence for comparison, then stop the app"


def _run(context: PhaseContext) -> None:
    record_baseline(context)
    context.timed("stop", lambda: context.cluster.stop(context.host))


def _undo(context: PhaseContext) -> None:
    context.cluster.start(context.host)
    wait_warm(context)


STOP = Phase("stop", "stopping the app", _describe, _run, _undo)
