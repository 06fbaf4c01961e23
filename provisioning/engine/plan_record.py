"""A plan as plain data, for ``--json`` and the journal. Pure.

Schema of a host's plan::

    {"host": str, "changes": bool, "first_time": bool, "unfinished_by": str | null,
     "steps": [{"id": str, "summary": str, "diff": str | null, "adopts": bool,
                "triggers": [str]}],
     "handlers": [{"name": str, "because": [str]}],
     "unmet": [{"title": str, "said": str, "fix": str}], "problems": [str]}

The diff is unified; it is null where there is none to show or where it would show a secret. A step
that adopts takes the place of something that this program did not put there.
"""

import difflib
from typing import Any

from ..resources.base import Change
from .plan import HostPlan


def diff(change: Change) -> str | None:
    """Unified diff of a change's texts, unless there are none or they are secret."""
    if change.sensitive or change.before == change.after:
        return None
    lines = difflib.unified_diff(
        change.before.splitlines(), change.after.splitlines(), "present", "wanted", lineterm=""
    )
    return "\n".join(lines)


def plan_record(plan: HostPlan) -> dict[str, Any]:
    """The plan of one host."""
    return {
        "host": plan.host,
        "changes": plan.changes,
        "first_time": plan.first_time,
        "unfinished_by": plan.unfinished_by,
        "steps": [
            {
                "id": step.id,
                "summary": step.change.summary,
                "diff": diff(step.change),
                "adopts": plan.adopts(step),
                "triggers": [handler.name for handler in step.triggers],
            }
            for step in plan.steps
        ],
        "handlers": [
            {"name": planned.handler.name, "because": list(planned.because)}
            for planned in plan.handlers
        ],
        "unmet": [
            {"title": need.title, "said": said, "fix": need.fix} for need, said in plan.unmet
        ],
        "problems": list(plan.problems),
    }
