"""What somebody who counts wants to hear of the workers. The pool itself counts in `Totals`."""


class PoolObserver:
    """Hears of everything and does nothing with it. Called from the event loop; must be quick."""

    def job_begun(self, waited: float) -> None:
        """A worker takes a job that has been in line for `waited` seconds."""

    def worker_replaced(self, cause: str) -> None:
        """A worker has ended or could not start, and the next one is started.

        `cause`: `crash`, `deadline`, `cancelled` (it did not stop when told) or `start_failed`.
        """
