"""What a new release is measured against: the same node, idle, with the old one."""

from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.phases.phase import Work

IDLE_SENTENCE = "idle_sentence"
"""Fact: seconds that the test sentence took on the idle node with the old release."""
FACTOR_BEFORE = "factor_before"
"""Fact: the node's real-time factor with the old release."""


def note_for_comparison(work: Work) -> None:
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
