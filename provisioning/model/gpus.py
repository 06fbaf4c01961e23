"""The GPUs a real server should have."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from .base import Part, Whole


class GpuHealth(StrEnum):
    """Consequence of a card that is lost, or had a fatal Xid or an uncorrectable memory error."""

    REPORT = "report"
    """It is told."""
    DRAIN = "drain"
    """Its slots go out of service until it is repaired; with the last of them the node does, while
    the quorum of each service is kept, and another node is ready."""


class Gpus(Part):
    """The cards that a real server should have; what is there is compared with it. ``2`` is short
    for ``{count: 2}``."""

    count: Annotated[Whole, Field(ge=0, le=1024)] = 1
    """Number of cards, MIG instances not counted; 0 is none."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """Part of the name that ``nvidia-smi -L`` shows, such as H100; absent is any."""
    memory: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    """GB that each has at least, as its maker counts."""


def count_only(value: object) -> object:
    """The number alone, in full."""
    return {"count": value} if isinstance(value, int) and not isinstance(value, bool) else value


GpusEntry = Annotated[Gpus, BeforeValidator(count_only, json_schema_input_type=int | Gpus)]
