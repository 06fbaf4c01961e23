"""Switch ``current`` to the new release."""

from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext, PhaseError
from provisioning.operations.rolling_upgrade.state import Node


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"switch {node.old or 'what runs'} -> {target}"


def _run(context: PhaseContext) -> None:
    context.timed("switch", lambda: context.cluster.switch(context.host, context.target))


def _undo(context: PhaseContext) -> None:
    if not context.node.old:
        raise PhaseError("the release that ran here before is unknown")
    context.cluster.switch(context.host, context.node.old)


SWITCH = Phase("switch", "switching the release", _describe, _run, _undo)
