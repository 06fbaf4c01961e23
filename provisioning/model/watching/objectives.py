"""Objectives for the service (SLOs), whose error budgets alerts watch."""

from typing import Annotated

from pydantic import AfterValidator, Field, Strict
from pydantic_core import PydanticCustomError

from ..base import Part

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
"""Seconds to the first sound that nodes count jobs by: bounds of a histogram's buckets."""


def _bound(seconds: float) -> float:
    """Between two bounds nothing is known."""
    if seconds not in BOUNDS:
        nearest = min(BOUNDS, key=lambda bound: abs(bound - seconds))
        raise PydanticCustomError(
            "bound",
            "not a time that nodes count jobs by",
            {
                "allowed": ", ".join(f"{bound:g}" for bound in BOUNDS),
                "fix": f"write {nearest:g}",
            },
        )
    return seconds


Percent = Annotated[float, Strict(), Field(ge=95, le=99.99, allow_inf_nan=False)]
"""Per cent of jobs. Below 95 a budget is so large that it cannot burn at 14 times its rate."""
_Bound = Annotated[
    float, Strict(), AfterValidator(_bound), Field(allow_inf_nan=False, examples=[2.5])
]


class FirstAudio(Part):
    """The wait of clients until they hear something."""

    seconds: _Bound
    """From accepting a job to its first sound, waiting in line included; one of 0.1, 0.25, 0.5, 1,
    2.5, 5, 10, 15, 20, 30, 45, 60."""
    percent: Percent = 95
    """Share of jobs that are to be as quick."""


class Objectives(Part):
    """Shares of jobs that are to go well, over 30 days. What is left to 100 is the error budget;
    alerts tell when it burns faster than it may."""

    served: Percent | None = None
    """Per cent of jobs that are to be done: neither turned away, nor failed, nor timed out. What
    clients cancel, and texts that cannot be spoken, count for nothing."""
    first_audio: FirstAudio | None = None
    """The time to the first sound, of jobs that have one."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that are set, as metrics name them."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)
