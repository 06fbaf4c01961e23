"""Capacity of a pool, and its time limits."""

from dataclasses import dataclass, field

from app.workers.slot import ServiceTime


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Jobs at a time, jobs in the queue, and seconds."""

    slots: int
    queue_size: int
    job_timeout: float
    """Seconds for a job that does not say how long it may take."""
    start_timeout: float
    longest_timeout: float = 300.0
    """Most seconds that a job may ask for."""
    service: ServiceTime = field(default_factory=ServiceTime)
    gpus: tuple[str, ...] | None = None
    """Slots take turns on these GPUs; none of them where it is empty; None leaves it to the
    environment."""

    def gpu(self, slot: int) -> str | None:
        """CUDA_VISIBLE_DEVICES of a slot's workers."""
        if not self.gpus:
            return None if self.gpus is None else ""
        return self.gpus[slot % len(self.gpus)]
