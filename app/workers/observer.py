"""Observer of the pool, for metrics. The pool itself counts in ``Totals``."""

from app.workers.causes import Cause
from app.workers.report import JobReport


class PoolObserver:
    """Observer that ignores all events. Called from the event loop; must be quick."""

    def job_begun(self, waited: float) -> None:
        """A worker takes a job that has been in the queue for ``waited`` seconds."""

    def job_ended(self, report: JobReport) -> None:
        """A job that was accepted is over, however it ended."""

    def worker_replaced(self, cause: Cause) -> None:
        """A worker has ended or could not start, and the next one is started."""
