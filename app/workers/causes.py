"""Causes for replacing a worker."""

from enum import StrEnum


class Cause(StrEnum):
    """Names are part of the metrics."""

    CRASH = "crash"
    """It ended by itself: killed by a signal, or with an exit code."""
    DEADLINE = "deadline"
    """Its job took longer than a job may."""
    CANCEL = "cancelled"
    """Its job was not wanted any more, and it did not listen."""
    OUT_OF_MEMORY = "out_of_memory"
    """GPU or host memory was used up by its job; what is left of it is not trusted."""
    NO_START = "start_failed"
    """It could not load the engine, or not in time."""
    SELF_TEST = "self_test"
    """A job failed, and then its first words did."""
    PROTOCOL_ERROR = "nonsense"
    """It sent something that could not be read."""
    GPU = "gpu"
    """Its slot is held back, because the card that it computes on is in trouble."""
    MAX_JOBS = "max_jobs"
    """Planned: it has done as many jobs as a worker may."""
    MAX_GROWTH = "max_growth"
    """Planned: it has grown as much as a worker may."""
