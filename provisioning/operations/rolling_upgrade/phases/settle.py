"""The director is fit: VRRP has a state, its kernel's table is what the other one's is."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node

_PATIENCE = 60.0
_LOOK_EVERY = 1.0


def _would(node: Node, choices: Choices, target: str) -> str:
    return "wait until VRRP has settled and both kernels' tables are alike"


def _run(work: Work) -> None:
    work.timed("settle", lambda: _wait(work))


def _wait(work: Work) -> None:
    deadline = work.clock.now() + _PATIENCE
    while problem := work.hands.director_settled(work.host):
        if work.clock.now() >= deadline:
            raise PhaseError(f"not fit within {_PATIENCE:g} s: {problem}")
        work.tell("waiting", problem)
        work.clock.sleep(_LOOK_EVERY)


SETTLE = Phase("settle", "waiting for the director to settle", _would, _run)
