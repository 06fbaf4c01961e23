"""Waits until a node can speak, after its start with the new release or with the old one again."""

from provisioning.operations.rolling_upgrade.phases.phase import PhaseError, Work

PATIENCE = 300.0
"""Seconds until every worker must have spoken: imports and a model from a slow disk."""
_LOOK_EVERY = 1.0


def wait_warm(work: Work) -> None:
    """Until all workers have spoken. Raises ``PhaseError`` with what was seen last."""
    deadline = work.clock.now() + PATIENCE
    while reason := work.hands.warming(work.host):
        if work.clock.now() >= deadline:
            raise PhaseError(f"not ready to speak within {PATIENCE:g} s: {reason}")
        work.tell("waiting", reason)
        work.clock.sleep(_LOOK_EVERY)
