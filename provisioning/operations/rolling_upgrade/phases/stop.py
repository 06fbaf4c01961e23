"""The app of the drained node ends."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node

PATIENCE = 300.0
"""Seconds until every worker must have spoken: imports and a model from a slow disk."""
_LOOK_EVERY = 1.0
IDLE_SENTENCE = "idle_sentence"
"""Fact: seconds that the test sentence took on the idle node with the old release."""
FACTOR_BEFORE = "factor_before"
"""Fact: the node's real-time factor with the old release."""


def _would(node: Node, choices: Choices, target: str) -> str:
    return "say a test sentence for comparison, then stop the app"


def _run(work: Work) -> None:
    _compare_with(work)
    work.timed("stop", lambda: work.hands.stop(work.host))


def _compare_with(work: Work) -> None:
    """What the new release is measured against. A node that cannot speak any more may well be
    why there is an upgrade, so this never fails."""
    try:
        spoken = work.hands.speak(work.host, "rip")
        if not spoken.problem(work.host):
            work.facts[IDLE_SENTENCE] = spoken.seconds
        factor = work.hands.metrics(work.host).factor
        if factor is not None:
            work.facts[FACTOR_BEFORE] = factor
    except HandError as error:
        work.tell("note", f"nothing to compare with: {error}")


def _undo(work: Work) -> None:
    work.hands.start(work.host)
    wait_warm(work)


def wait_warm(work: Work) -> None:
    """Until all workers have spoken. Raises ``PhaseError`` with what was seen last."""
    deadline = work.clock.now() + PATIENCE
    while reason := work.hands.warming(work.host):
        if work.clock.now() >= deadline:
            raise PhaseError(f"not ready to speak within {PATIENCE:g} s: {reason}")
        work.tell("waiting", reason)
        work.clock.sleep(_LOOK_EVERY)


STOP = Phase("stop", "stopping the app", _would, _run, _undo)
