"""Switch ``current`` to the new release."""

from ...rolling.errors import PhaseError
from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"switch {node.old or 'what runs'} -> {target}"


def _run(context: PhaseContext) -> None:
    context.timed("switch", lambda: context.cluster.switch(context.host, context.target))


def _undo(context: PhaseContext) -> None:
    if not context.node.old:
        raise PhaseError("the release that ran here before is unknown")
    context.cluster.switch(context.host, context.node.old)


SWITCH = Phase("switch", "switching the release", _describe, _run, _undo)
