"""Warm up: every worker has loaded its model and spoken, before any client reaches the node."""

from ...rolling.errors import PhaseError
from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext

_PATIENCE = 300.0
"""Seconds until every worker must have spoken: imports and a model from a slow disk."""
_LOOK_EVERY = 1.0


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"wait until every worker has spoken, {_PATIENCE:g} s at most"


def _run(context: PhaseContext) -> None:
    context.timed("warm", lambda: wait_warm(context))


def wait_warm(context: PhaseContext) -> None:
    """Wait until all workers have spoken, after a start with either release. Raises ``PhaseError``
    with the last reason."""
    deadline = context.clock.now() + _PATIENCE
    while reason := context.cluster.warming(context.host):
        if context.clock.now() >= deadline:
            raise PhaseError(f"not ready to speak within {_PATIENCE:g} s: {reason}")
        context.report("waiting", reason)
        context.clock.sleep(_LOOK_EVERY)


WARM = Phase("warm", "warming up", _describe, _run)
