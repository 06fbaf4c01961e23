"""State that all jobs of a pool share."""

import time
from dataclasses import dataclass, field

from ..job_queue import JobQueue
from ..observer import PoolObserver
from ..remote import RemoteSlot
from ..slot import Slot
from .examination import Examination
from .readiness import open_slots
from .renewal import Renewal
from .tasks import Tasks


@dataclass(slots=True)
class Workplace:
    """Slots, the queue before them, and the jobs that run."""

    slots: list[Slot]
    queue: JobQueue
    tasks: Tasks
    renewal: Renewal
    examination: Examination
    observer: PoolObserver = field(default_factory=PoolObserver)
    deadlines: dict[Slot | RemoteSlot, float] = field(default_factory=dict)
    """Of the jobs that run, here and on other nodes."""
    lent: set[RemoteSlot] = field(default_factory=set)
    """Workers of other nodes that have taken a job."""

    @property
    def seconds_left(self) -> float:
        """Seconds until the last of the running jobs is over, at the latest."""
        return max(0.0, max(self.deadlines.values(), default=0.0) - time.monotonic())

    @property
    def single(self) -> bool:
        """True if there is no worker but one."""
        return len(open_slots(self.slots)) <= 1 and not self.queue.neighbours.peers
