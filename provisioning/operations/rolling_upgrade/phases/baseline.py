"""Baseline of a new release: the same node, idle, with the old one."""

from provisioning.operations.rolling_upgrade.phases.phase import PhaseContext
from provisioning.operations.rolling_upgrade.ports import ActionError

IDLE_SENTENCE = "idle_sentence"
"""Fact: seconds that the test sentence took on the idle node with the old release."""
FACTOR_BEFORE = "factor_before"
"""Fact: the node's real-time factor with the old release."""


def record_baseline(context: PhaseContext) -> None:
    """Measure the node with the old release. This never fails: a node that cannot speak any more
    may well be the reason for the upgrade."""
    try:
        spoken = context.cluster.speak(context.host, "rip")
        if not spoken.problem(context.host):
            context.facts[IDLE_SENTENCE] = spoken.seconds
        factor = context.cluster.metrics(context.host).factor
        if factor is not None:
            context.facts[FACTOR_BEFORE] = factor
    except ActionError as error:
        context.report("note", f"nothing to compare with: {error}")
