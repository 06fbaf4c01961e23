"""Stage the new release beside the one that runs; clients notice nothing."""

from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext
from provisioning.operations.rolling_upgrade.state import Node


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"unpack {target} beside {node.old or 'what runs'}"


def _run(context: PhaseContext) -> None:
    context.timed("stage", lambda: context.cluster.stage(context.host))


# Nothing to undo: a release that nothing points to is in nobody's way, and can be inspected; the
# oldest are removed by themselves.
STAGE = Phase("stage", "staging the release", _describe, _run)
