"""Number of the page's jobs that may leave its queue for the workers' queue.

Gradio counts a fixed number. Here it follows the workers: those of this node, those that other
nodes lend at this moment, and one job more, which stands in the workers' line so that the next
node with a free worker can have it at once.
"""

import time
from collections.abc import Callable

import gradio as gr
from gradio.queueing import EventQueue

from app.middleware.access_log import ARRIVED

GROUP = "speech"
"""The page's functions that make speech share this queue."""


class _SpeechQueue(EventQueue):
    """Checked against Gradio 6.31, which reads the limit whenever a job might begin."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        super().__init__(GROUP, None)

    @property
    def concurrency_limit(self) -> int:
        """Jobs that may have left the queue."""
        return self._limit()

    @concurrency_limit.setter
    def concurrency_limit(self, value: int | None) -> None:
        """Gradio sets what the functions were declared with, which is not more than this."""


def arrived(request: gr.Request) -> float:
    """Time at which a job's request came (``time.monotonic``), before it stood in the page's
    queue."""
    scope = getattr(request.request, "scope", None) or {}
    return float(scope.get(ARRIVED, time.monotonic()))


def follow(page: gr.Blocks, limit: Callable[[], int]) -> None:
    """Have the page's queue ask ``limit``. For a page that is mounted."""
    page._queue.event_queue_per_concurrency_id[GROUP] = _SpeechQueue(limit)
