"""Baseline of a new release: the same node, idle, with the old one."""

from ...rolling.errors import ActionError
from .phase import PhaseContext

IDLE_SENTENCE = "idle_sentence"
"""Fact: seconds that the test sentence took on the idle node with the old release."""
FACTOR_BEFORE = "factor_before"
"""Fact: the node's real-time factor with the old release."""


def record_baseline(context: PhaseContext) -> None:
    """Measure the node with the old release. This never fails: a node that cannot speak any more
    may well be the reason for the upgrade."""
    try:
        spoken, counted = context.cluster.baseline(context.host)
        if not spoken.problem(context.host):
            context.facts[IDLE_SENTENCE] = spoken.seconds
        if counted.factor is not None:
            context.facts[FACTOR_BEFORE] = counted.factor
    except ActionError as error:
        context.report("note", f"nothing to compare with: {error}")
