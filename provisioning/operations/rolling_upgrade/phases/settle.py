"""Wait until the director has settled: VRRP has a state, both kernels' tables are alike."""

from ...rolling.errors import PhaseError
from ..options import UpgradeOptions
from ..state import Node
from .phase import Phase, PhaseContext

_PATIENCE = 60.0
_LOOK_EVERY = 1.0


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "wait until VRRP has settled and both kernels' tables are alike"


def _run(context: PhaseContext) -> None:
    context.timed("settle", lambda: _wait(context))


def _wait(context: PhaseContext) -> None:
    deadline = context.clock.now() + _PATIENCE
    while problem := context.cluster.director_settled(context.host):
        if context.clock.now() >= deadline:
            raise PhaseError(f"not fit within {_PATIENCE:g} s: {problem}")
        context.report("waiting", problem)
        context.clock.sleep(_LOOK_EVERY)


SETTLE = Phase("settle", "waiting for the director to settle", _describe, _run)
