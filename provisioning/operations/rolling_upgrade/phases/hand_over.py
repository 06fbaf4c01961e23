"""Hand the VIPs over before a director's Keepalived is restarted."""

from ...rolling.errors import PhaseError
from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "move the VIPs to the other director if it holds them and must be restarted"


def _run(context: PhaseContext) -> None:
    context.cluster.ask_hooks(context.host)
    _, restarts = context.cluster.director_changes([context.host])[context.host]
    if not restarts:
        return
    if faults := context.cluster.look().faults:
        raise PhaseError("not now: " + "; ".join(faults))

    def give() -> None:
        if to := context.cluster.hand_over(context.host):
            context.report("note", f"the VIPs went to {to}")

    context.timed("hand over", give)


HAND_OVER = Phase("hand_over", "handing the VIPs over", _describe, _run)
