"""Confirms changes that a host takes back by itself unless somebody can still come in."""

from ..transport.base import TransportError
from .fleet import Fleet
from .observe import run_fragments
from .plan import HostPlan, PlannedStep

_TIMEOUT = 30.0
"""Seconds that the host may take to keep what it has."""


def confirm(plan: HostPlan, fleet: Fleet) -> str | None:
    """Says so over a new connection, as one that was open before the change proves nothing. The
    reason why it could not, or nothing."""
    steps = [step for step in plan.steps if step.change.confirm]
    if not steps:
        return None
    try:
        return _confirm(plan.host, steps, fleet)
    except TransportError as error:
        return _message(steps[0], f"no new connection could use it ({error})")


def _confirm(host: str, steps: list[PlannedStep], fleet: Fleet) -> str | None:
    fragments = {str(number): step.change.confirm for number, step in enumerate(steps)}
    connection = fleet.another(host)
    try:
        found = run_fragments(host, connection, fragments, timeout=_TIMEOUT)
    finally:
        connection.close()
    for number, step in enumerate(steps):
        said = found[str(number)]
        if said.status:
            return _message(step, (said.stdout + said.stderr).strip() or f"status {said.status}")
    return None


def _message(step: PlannedStep, reason: str) -> str:
    return f"{step.id}: was not confirmed: {reason}; {step.change.unconfirmed}"
